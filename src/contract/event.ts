import { type Static, Type } from 'typebox';
import { OPERATION_STATES, OperationError, Progress, Resolution, WaitingFor } from './operation.ts';
import { Alias, JsonObject, Nullable, OneOf, OperationId, Tenant, Time } from './values.ts';

const State = OneOf(OPERATION_STATES);

/** A place in the history: `seq` orders events, `epoch` names the history (a restored database has a new one). */
export const Position = Type.Object({
  epoch: Type.String({ maxLength: 64 }),
  seq: Type.Integer({ minimum: 0 }),
});

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const STEP_STATES = ['started', 'done', 'failed'] as const;

/** What an event says, by type. */
export const EventBody = Type.Union([
  Type.Object({ type: Type.Literal('created'), task: Type.String(), state: State }),
  Type.Object({
    type: Type.Literal('state'),
    from: State,
    to: State,
    reason: Nullable(Type.String({ maxLength: 500 })),
    error: Nullable(OperationError),
  }),
  Type.Object({ type: Type.Literal('progress'), progress: Progress }),
  Type.Object({
    type: Type.Literal('step'),
    step: Type.String({ maxLength: 64 }),
    title: Type.String({ maxLength: 200 }),
    state: OneOf(STEP_STATES),
    detail: Type.Optional(Type.String({ maxLength: 500 })),
  }),
  Type.Object({
    type: Type.Literal('log'),
    level: OneOf(LOG_LEVELS),
    message: Type.String({ maxLength: 8_000 }),
    ansi: Type.Optional(Type.String({ maxLength: 8_000, description: 'the message with its colours' })),
  }),
  Type.Object({ type: Type.Literal('waiting'), waitingFor: Nullable(WaitingFor) }),
  Type.Object({ type: Type.Literal('checkpoint'), checkpoint: JsonObject }),
  Type.Object({ type: Type.Literal('resolved'), resolution: Resolution }),
  Type.Object({
    type: Type.Literal('window-overridden'),
    reason: Type.String({ maxLength: 500 }),
    by: Nullable(Type.String({ maxLength: 256 })),
  }),
  Type.Object({ type: Type.Literal('cancel-requested'), by: Nullable(Type.String({ maxLength: 256 })) }),
]);

/** A committed fact about an operation. */
export const EventSchema = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  operation: OperationId,
  tenant: Tenant,
  org: Nullable(Alias),
  attempt: Type.Integer({ minimum: 0 }),
  at: Time,
  body: EventBody,
});

export type Position = Static<typeof Position>;
export type EventBody = Static<typeof EventBody>;
export type OperationEvent = Static<typeof EventSchema>;
