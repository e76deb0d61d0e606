import { type Static, Type } from 'typebox';
import { LossPolicySchema } from './tasks.ts';
import { Alias, JsonObject, Labels, Nullable, OneOf, OperationId, Tenant, Time } from './values.ts';

/** One sentence per state: what is true of an operation that is in it. */
export const STATES = {
  scheduled:
    'Accepted, to be queued at its time (a delay asked for, or the back-off before another attempt).',
  queued:
    'Accepted and waiting for its turn: its lane, capacity, a lock, a window, a login, or whoever paused; waitingFor says which.',
  running: 'An attempt holds it: a worker runs, or recovery is about to decide about a worker that was lost.',
  succeeded: 'Final: the work was done, and result says what came of it.',
  failed:
    'Final: the work was not done, or not all of it, or its result is too large to be kept; error says which.',
  cancelled:
    'Final: ended because a person or newer work asked, or a restore; nothing goes on in the org, but for what a command that may be done twice began there.',
  timed_out:
    'Final: ended because its time was over; nothing goes on in the org, but for what a command that may be done twice began there.',
  indeterminate:
    'Final: a call was sent, and whether it took effect could not be found out; a person has to look.',
} as const;

export type OperationState = keyof typeof STATES;
export const OPERATION_STATES = Object.keys(STATES) as readonly OperationState[];

/** The one table of moves: the store's guard and the diagram in the docs derive from it. */
export const TRANSITIONS = {
  scheduled: ['queued', 'cancelled'],
  queued: ['running', 'cancelled'],
  running: ['queued', 'scheduled', 'succeeded', 'failed', 'cancelled', 'timed_out', 'indeterminate'],
  succeeded: [],
  failed: [],
  cancelled: [],
  timed_out: [],
  indeterminate: [],
} as const satisfies Record<OperationState, readonly OperationState[]>;

export const FINAL_STATES = OPERATION_STATES.filter((state) => TRANSITIONS[state].length === 0);

export function isFinal(state: OperationState): boolean {
  return TRANSITIONS[state].length === 0;
}

export function mayMove(from: OperationState, to: OperationState): boolean {
  return (TRANSITIONS[from] as readonly OperationState[]).includes(to);
}

/** Head start in a lane, in milliseconds: rank = enqueue time - head start, so waiting work ages and none starves. */
export const HEAD_START_MS = { critical: 3_600_000, normal: 0, batch: -3_600_000 } as const;
export const PRIORITIES = Object.keys(HEAD_START_MS) as readonly Priority[];
export type Priority = keyof typeof HEAD_START_MS;
export const PrioritySchema = OneOf(PRIORITIES);

/** Where an operation came from. */
export const Origin = Type.Object({
  kind: OneOf(['api', 'cli', 'hook', 'schedule', 'retry'] as const),
  name: Nullable(Type.String({ maxLength: 256, description: 'token name, hook and rule, or schedule' })),
  deliveryId: Type.Optional(Type.String({ maxLength: 128 })),
  tick: Type.Optional(Time),
});

export const Progress = Type.Object({
  done: Type.Integer({ minimum: 0 }),
  total: Nullable(Type.Integer({ minimum: 0 })),
  unit: Type.String({ maxLength: 32, description: 'components, tests, records, …' }),
  message: Type.String({ maxLength: 500 }),
});

export const OperationError = Type.Object({
  code: Type.String({ maxLength: 64 }),
  message: Type.String({ maxLength: 4_000 }),
  hint: Type.String({ maxLength: 1_000 }),
  retryable: Type.Boolean(),
});

/** Why a waiting operation waits. */
export const WaitingFor = Type.Object({
  reason: OneOf([
    'org',
    'schedule',
    'retry',
    'capacity',
    'paused',
    'window',
    'pool',
    'lock',
    'credential',
  ] as const),
  operation: Type.Optional(
    Type.String({ description: 'org: the one that it waits behind; paused: the one that is to be resolved' }),
  ),
  place: Type.Optional(Type.Integer({ minimum: 1, description: 'org, lock: 1 = next' })),
  until: Type.Optional(Time),
  scope: Type.Optional(OneOf(['org', 'server'] as const, { description: 'paused: what' })),
  lock: Type.Optional(Type.String({ description: 'lock: the one that it waits behind' })),
  by: Type.Optional(Type.String({ maxLength: 256, description: 'paused, lock: by whom' })),
  login: Type.Optional(
    Type.Unsafe<string>({ ...Alias, description: 'credential: the alias that wants a new login' }),
  ),
  note: Type.Optional(Type.String({ maxLength: 500, description: 'paused, lock, window, credential: why' })),
});

/** What a person may have found out about an operation that ended indeterminate. */
export const RESOLUTIONS = ['succeeded', 'failed'] as const;
export const ResolutionRequest = Type.Object(
  {
    as: OneOf(RESOLUTIONS),
    note: Type.String({ minLength: 1, maxLength: 1_000, description: 'how they know' }),
  },
  { additionalProperties: false },
);
export const Resolution = Type.Object({
  ...ResolutionRequest.properties,
  by: Type.String({ maxLength: 256 }),
  at: Time,
});

export const OperationSchema = Type.Object({
  id: OperationId,
  task: Type.String({ maxLength: 63 }),
  tenant: Tenant,
  org: Nullable(Alias),
  pool: Nullable(
    Type.Unsafe<string>({ ...Alias, description: 'which org it runs in is known once it has started' }),
  ),
  state: OneOf(OPERATION_STATES),
  priority: PrioritySchema,
  input: Type.Optional(JsonObject),
  result: Type.Optional(Nullable(JsonObject)),
  error: Nullable(OperationError),
  progress: Nullable(Progress),
  attempt: Type.Integer({ minimum: 0, description: '0 before the first attempt' }),
  maxAttempts: Type.Integer({ minimum: 1 }),
  timeoutSeconds: Type.Integer({ minimum: 1, description: 'of one attempt' }),
  onWorkerLoss: Nullable(LossPolicySchema),
  overrideWindow: Nullable(Type.String({ description: 'why it may start while its org is closed' })),
  waitingFor: Nullable(WaitingFor),
  retryOf: Nullable(OperationId),
  cancelRequestedAt: Nullable(Time),
  resolution: Nullable(Resolution),
  labels: Labels,
  origin: Origin,
  createdAt: Time,
  scheduledFor: Nullable(Time),
  startedAt: Nullable(Time),
  finishedAt: Nullable(Time),
});

/** How large things may be, in bytes of JSON. */
export const INPUT_LIMIT_BYTES = 256 * 1024;
export const RESULT_LIMIT_BYTES = 1024 * 1024;

/** What a client sends to have work done. */
export const OperationRequest = Type.Object(
  {
    task: Type.String({ minLength: 1, maxLength: 63 }),
    org: Type.Optional(Alias),
    input: JsonObject,
    priority: Type.Optional(PrioritySchema),
    runAt: Type.Optional(Time),
    timeoutSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 604_800, description: 'of one attempt' }),
    ),
    maxAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    onWorkerLoss: Type.Optional(LossPolicySchema),
    overrideWindow: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        pattern: '\\S',
        description: 'why it may start outside the windows of its org, and in a freeze; it is recorded',
      }),
    ),
    labels: Type.Optional(Labels),
    supersede: Type.Optional(
      Type.Object(
        { key: Type.String({ minLength: 1, maxLength: 200 }), running: OneOf(['keep', 'cancel'] as const) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export type Operation = Static<typeof OperationSchema>;
export type OperationRequest = Static<typeof OperationRequest>;
export type Resolution = Static<typeof Resolution>;
export type ResolutionRequest = Static<typeof ResolutionRequest>;
export type OperationError = Static<typeof OperationError>;
export type Progress = Static<typeof Progress>;
export type WaitingFor = Static<typeof WaitingFor>;
export type Origin = Static<typeof Origin>;
