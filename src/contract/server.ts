import { type Static, Type } from 'typebox';
import { VAULT_PROVIDERS } from './configuration.ts';
import { Position } from './event.ts';
import { Isolation } from './isolation.ts';
import { Pause } from './pause.ts';
import { LOSS_POLICIES } from './tasks.ts';
import { Nullable, OneOf, Time } from './values.ts';

/** What the server says of itself and takes in, apart from operations. */
export const TaskDescription = Type.Object({
  kind: Type.String(),
  title: Type.String(),
  lane: OneOf(['exclusive', 'shared'] as const),
  onWorkerLoss: OneOf(LOSS_POLICIES),
  timeoutSeconds: Type.Integer(),
  maxAttempts: Type.Integer(),
  inputSchema: Type.Unknown(),
  resultSchema: Type.Unknown(),
});

/** A declared command, as `GET /api/v1/tasks` shows it: what it takes and by what it goes, not what it runs. */
export const CommandDescription = Type.Object({
  name: Type.String(),
  title: Type.String(),
  org: Type.Boolean({ description: 'the request names an org' }),
  lane: OneOf(['exclusive', 'shared'] as const),
  onWorkerLoss: OneOf(LOSS_POLICIES),
  timeoutSeconds: Type.Integer(),
  maxAttempts: Type.Integer(),
  inputSchema: Type.Unknown(),
});

export const Upload = Type.Object({
  id: Type.String({ pattern: '^up_[0-9A-HJKMNP-TV-Z]{26}$' }),
  sha256: Type.String(),
  bytes: Type.Integer(),
  expiresAt: Time,
});

/** What the daemon says of itself; `ready` is false while any check fails. */
export const Readiness = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Array(Type.Object({ name: Type.String(), ok: Type.Boolean(), detail: Type.String() })),
});

export const ServerStatus = Type.Object({
  version: Type.String(),
  pid: Type.Integer(),
  startedAt: Time,
  home: Type.String(),
  vault: OneOf(VAULT_PROVIDERS),
  position: Position,
  concurrency: Type.Integer(),
  draining: Type.Boolean({ description: 'starts nothing new, and stops when nothing runs any more' }),
  isolation: Isolation,
  paused: Nullable(Pause),
  tools: Type.Array(
    Type.Object({
      name: Type.String(),
      npm: Type.String(),
      plugins: Type.Array(Type.String()),
      installed: Type.Boolean(),
    }),
    { description: 'what commands may use' },
  ),
  counts: Type.Object({ scheduled: Type.Integer(), queued: Type.Integer(), running: Type.Integer() }),
});

export type CommandDescription = Static<typeof CommandDescription>;
export type TaskDescription = Static<typeof TaskDescription>;
export type Upload = Static<typeof Upload>;
export type Readiness = Static<typeof Readiness>;
export type ServerStatus = Static<typeof ServerStatus>;
