import { type Static, Type } from 'typebox';
import { OPERATION_STATES, type OperationState, PrioritySchema } from './operation.ts';
import { LossPolicySchema } from './tasks.ts';
import { Alias, JsonObject, Labels, Nullable, OneOf, OperationId, Tenant, Time } from './values.ts';

export const DEFAULT_TIME_ZONE = 'UTC';

/** What became of a tick, a moment that the cron expression of a schedule names. */
export const TICK_OUTCOMES = {
  created: 'It made an operation.',
  overlapped: 'It made none, because an earlier operation of the schedule had not ended.',
  missed: 'It made none, because the server noticed it too late.',
  refused: 'It made none, because its request could not be accepted; detail says why.',
} as const;

export type TickOutcome = keyof typeof TICK_OUTCOMES;

/** An operation that is asked for again and again. Its strings are taken as they are: nothing is rendered. */
export const Schedule = Type.Object(
  {
    cron: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'minute, hour, day, month, weekday; six fields begin with the second',
    }),
    timeZone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'default: UTC' })),
    overlap: Type.Optional(
      OneOf(['skip', 'queue'] as const, { description: 'while an earlier one has not ended; default: skip' }),
    ),
    catchUp: Type.Optional(
      OneOf(['skip', 'once'] as const, { description: 'after the server was down; default: skip' }),
    ),
    tenant: Type.Optional(Tenant),
    task: Type.String({ minLength: 1, maxLength: 63 }),
    org: Type.Optional(Alias),
    input: Type.Optional(JsonObject),
    priority: Type.Optional(PrioritySchema),
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 604_800 })),
    maxAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    onWorkerLoss: Type.Optional(LossPolicySchema),
    labels: Type.Optional(Labels),
  },
  { additionalProperties: false },
);

export const Schedules = Type.Record(Alias, Schedule, { additionalProperties: false, maxProperties: 500 });

/** A schedule as it is shown: what it says, when it runs next, and what came of it last. */
export const ScheduleSchema = Type.Object({
  name: Alias,
  tenant: Tenant,
  cron: Type.String(),
  timeZone: Type.String(),
  overlap: OneOf(['skip', 'queue'] as const),
  catchUp: OneOf(['skip', 'once'] as const),
  task: Type.String(),
  org: Nullable(Alias),
  nextRun: Nullable(Time),
  lastRun: Nullable(
    Type.Object({
      tick: Time,
      outcome: OneOf(Object.keys(TICK_OUTCOMES) as readonly TickOutcome[]),
      detail: Nullable(Type.String({ maxLength: 1_000 })),
    }),
  ),
  lastOperation: Nullable(
    Type.Object({
      id: OperationId,
      state: OneOf(OPERATION_STATES as readonly OperationState[]),
      tick: Time,
    }),
  ),
});

export type Schedule = Static<typeof Schedule>;
export type ScheduleView = Static<typeof ScheduleSchema>;
