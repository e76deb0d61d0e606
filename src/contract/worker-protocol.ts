import { type Static, Type } from 'typebox';
import { AssignedCommand } from './command.ts';
import { LOG_LEVELS, STEP_STATES } from './event.ts';
import { OperationError, Progress } from './operation.ts';
import { ProgramLimits } from './program-limits.ts';
import { Alias, JsonObject, Nullable, OneOf, OperationId, Tenant } from './values.ts';

/**
 * The whole conversation between the daemon and one worker, over the child's IPC channel:
 * ready -> assignment -> (report | ask)* -> outcome -> exit, with acknowledgements, answers and perhaps a cancel coming down.
 * Both ends validate every message. `attempt` fences: what an older attempt says changes nothing.
 */

/** How many reports a worker may have under way before it waits for an acknowledgement. */
export const REPORT_WINDOW = 64;
/** A larger message, in characters of JSON, is refused by both ends. */
export const MESSAGE_LIMIT = 2 * 1024 * 1024;
/** Environment variable with the name of its worker in every process of it, so that strays are found: `<workspace>:<job>`. */
export const WORKER_MARKER = 'SFP_WORKER';
/** In the workspace of a worker whose refresh token, or whose last session, is with the org: to end it then may cost the login, or a session of others. */
export const LOGIN_IN_USE = 'login-in-use';
/** `command`: a task that may start programs; one that may is forked when it is needed. */
export const WORKER_JOBS = ['fetch-source', 'task', 'command'] as const;
export type WorkerJob = (typeof WORKER_JOBS)[number];

/** Which vault to open; a location, never a secret. */
export const VaultReference = Type.Union([
  Type.Object({ provider: Type.Literal('keychain'), service: Type.String() }),
  Type.Object({ provider: Type.Literal('file'), directory: Type.String() }),
  Type.Object({ provider: Type.Literal('command'), command: Type.Array(Type.String()) }),
]);

/** Source code as the daemon resolved it: names became places. */
export const ResolvedSource = Type.Union([
  Type.Object({
    kind: Type.Literal('git'),
    url: Type.String(),
    ref: Type.String(),
    path: Nullable(Type.String()),
    secret: Nullable(Type.String({ description: 'vault account' })),
  }),
  Type.Object({ kind: Type.Literal('upload'), file: Type.String() }),
  Type.Object({ kind: Type.Literal('directory'), directory: Type.String() }),
]);

/** Source code that lies ready in the workspace. */
export const FetchedSource = Type.Object({
  directory: Type.String(),
  commitId: Nullable(Type.String({ description: 'git: what the ref was pinned to' })),
});

/** What the machine has to keep programs in that are not ours. */
export const SandboxMachine = Type.Object({
  bubblewrap: Nullable(
    Type.String({
      description: 'absolute path of bwrap; null: no sandbox, what can be done without is done',
    }),
  ),
  marker: Type.String({ description: 'value of WORKER_MARKER in every process of this worker' }),
  environment: Type.Record(Type.String(), Type.String(), {
    description: 'what programs take over from the machine: PATH, language, certificates, proxies',
  }),
  limits: Type.Optional(ProgramLimits),
  home: Type.Optional(
    Type.String({
      description: "real path of the server's home, of which programs see only what they are shown",
    }),
  ),
});

const work = {
  type: Type.Literal('assignment'),
  operation: OperationId,
  attempt: Type.Integer({ minimum: 1 }),
  tenant: Tenant,
  workspace: Type.String({ description: "absolute; the attempt's own directory" }),
  vault: VaultReference,
  sandbox: SandboxMachine,
};

export const Assignment = Type.Union([
  Type.Object({ ...work, job: Type.Literal('fetch-source'), source: ResolvedSource }),
  Type.Object({
    ...work,
    job: Type.Literal('task'),
    task: Type.String(),
    input: JsonObject,
    org: Nullable(
      Type.Object({ alias: Alias, account: Type.String({ description: 'vault account of the org login' }) }),
    ),
    source: Nullable(FetchedSource),
    checkpoint: Nullable(JsonObject),
    command: Type.Optional(AssignedCommand),
  }),
]);

export const Outcome = Type.Union([
  Type.Object({ state: Type.Literal('succeeded'), result: JsonObject }),
  Type.Object({ state: Type.Literal('failed'), error: OperationError, result: Nullable(JsonObject) }),
  Type.Object({ state: Type.Literal('cancelled'), result: Nullable(JsonObject) }),
  Type.Object({ state: Type.Literal('indeterminate'), error: OperationError }),
]);

export const ReportBody = Type.Union([
  Type.Object({ kind: Type.Literal('progress'), progress: Progress }),
  Type.Object({
    kind: Type.Literal('step'),
    step: Type.String({ maxLength: 64 }),
    title: Type.String({ maxLength: 200 }),
    state: OneOf(STEP_STATES),
    detail: Type.Optional(Type.String({ maxLength: 500 })),
  }),
  Type.Object({
    kind: Type.Literal('log'),
    level: OneOf(LOG_LEVELS),
    message: Type.String({ maxLength: 8_000 }),
    ansi: Type.Optional(Type.String({ maxLength: 8_000 })),
  }),
  Type.Object({ kind: Type.Literal('outcome'), outcome: Outcome }),
]);

/**
 * Questions. `session-lock` is answered when this worker alone may use the org login (it must then begin or exit);
 * `session-begin` says that a session of that user exists, rotated secrets are stored, and gives the lock back;
 * `session-end` is answered with whether to revoke: true when no other session of that user lives; then nobody logs in as
 * that user before `session-revoked`.
 */
export const AskBody = Type.Union([
  Type.Object({ kind: Type.Literal('checkpoint'), checkpoint: JsonObject }),
  Type.Object({ kind: Type.Literal('session-lock'), account: Type.String({ maxLength: 200 }) }),
  Type.Object({
    kind: Type.Literal('session-begin'),
    account: Type.String({ maxLength: 200 }),
    user: Type.String({ maxLength: 64, description: '00D…/005…' }),
  }),
  Type.Object({ kind: Type.Literal('session-end'), account: Type.String({ maxLength: 200 }) }),
  Type.Object({ kind: Type.Literal('session-revoked'), account: Type.String({ maxLength: 200 }) }),
]);

export const WorkerMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready') }),
  Type.Object({
    type: Type.Literal('report'),
    attempt: Type.Integer({ minimum: 1 }),
    number: Type.Integer({ minimum: 1, description: '1, 2, 3, … within this worker' }),
    body: ReportBody,
  }),
  Type.Object({
    type: Type.Literal('ask'),
    attempt: Type.Integer({ minimum: 1 }),
    id: Type.Integer({ minimum: 1 }),
    body: AskBody,
  }),
]);

export const DaemonMessage = Type.Union([
  Assignment,
  Type.Object({ type: Type.Literal('acknowledged'), upTo: Type.Integer({ minimum: 1 }) }),
  Type.Object({
    type: Type.Literal('answer'),
    id: Type.Integer({ minimum: 1 }),
    body: Type.Union([
      Type.Object({ ok: Type.Literal(true), revoke: Type.Boolean() }),
      Type.Object({ ok: Type.Literal(false), detail: Type.String() }),
    ]),
  }),
  Type.Object({ type: Type.Literal('cancel'), because: OneOf(['request', 'timeout', 'shutdown'] as const) }),
]);

export type VaultReference = Static<typeof VaultReference>;
export type SandboxMachine = Static<typeof SandboxMachine>;
export type ResolvedSource = Static<typeof ResolvedSource>;
export type FetchedSource = Static<typeof FetchedSource>;
export type Assignment = Static<typeof Assignment>;
export type Outcome = Static<typeof Outcome>;
export type ReportBody = Static<typeof ReportBody>;
export type AskBody = Static<typeof AskBody>;
export type WorkerMessage = Static<typeof WorkerMessage>;
export type DaemonMessage = Static<typeof DaemonMessage>;
