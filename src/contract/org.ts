import { type Static, Type } from 'typebox';
import { LockSchema } from './lock.ts';
import { WaitingFor } from './operation.ts';
import { LOGIN_KINDS, Url } from './org-login.ts';
import { Pause } from './pause.ts';
import { Alias, Nullable, OneOf, OperationId, Time } from './values.ts';
import { WindowState } from './window.ts';

/** 00D…: which organisation an alias stands for; lanes are keyed by it, 15 or 18 characters, stored with 18. */
export const OrganisationId = Type.String({
  pattern: '^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$',
  maxLength: 18,
});

/** What `org login` registers; never a secret. */
export const OrgRegistration = Type.Object(
  {
    kind: OneOf(LOGIN_KINDS),
    username: Type.String({ minLength: 1, maxLength: 255 }),
    instanceUrl: Url,
    organisationId: OrganisationId,
    checked: Type.Optional(
      Type.Boolean({ description: 'false: nobody has logged in with it yet. Default: true' }),
    ),
  },
  { additionalProperties: false },
);

/** One sentence per state of a login. */
export const LOGIN_STATES = {
  ok: 'It worked when it was last used.',
  unchecked: 'It was stored without being tried, and nothing has used it since.',
  refused: 'The org refuses it: its lane is paused until there is a new one.',
} as const;

export type LoginState = keyof typeof LOGIN_STATES;

const LoginView = Type.Object({
  state: OneOf(Object.keys(LOGIN_STATES) as readonly LoginState[]),
  refusedAt: Nullable(Time),
  reason: Nullable(Type.String({ maxLength: 500, description: 'what the org said' })),
  usedAt: Nullable(
    Type.Unsafe<string>({ ...Time, description: 'when a session was last got with it, to the minute' }),
  ),
});

export const OrgSchema = Type.Object({
  alias: Alias,
  kind: OneOf(LOGIN_KINDS),
  username: Type.String(),
  instanceUrl: Type.String(),
  organisationId: Type.String(),
  registeredAt: Time,
  login: LoginView,
  window: Type.Optional(WindowState),
  lane: Type.Object({
    paused: Nullable(Pause),
    locks: Type.Array(LockSchema),
    running: Type.Array(OperationId),
    waiting: Type.Array(Type.Object({ operation: OperationId, waitingFor: Nullable(WaitingFor) })),
  }),
});

export function orgAccount(tenant: string, alias: string): string {
  return `org/${tenant}/${alias}`;
}

export function secretAccount(tenant: string, name: string): string {
  return `secret/${tenant}/${name}`;
}

export type OrgRegistration = Static<typeof OrgRegistration>;
export type Org = Static<typeof OrgSchema>;
