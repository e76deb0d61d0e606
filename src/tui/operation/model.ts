import type { ConnectionState } from '../../client/subscribe.ts';
import type { EventBody, OperationEvent } from '../../contract/event.ts';
import { isFinal, type Operation } from '../../contract/operation.ts';
import { eventSentence } from '../event-sentence.ts';
import { moved } from '../moved.ts';
import { type Track, withProgress } from '../track.ts';

export interface Step {
  readonly step: string;
  readonly attempt: number;
  readonly title: string;
  readonly state: 'started' | 'done' | 'failed';
  readonly detail: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface LogLine {
  readonly seq: number;
  readonly at: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly coloured: string | null;
}

export interface OperationModel {
  readonly operation: Operation;
  readonly steps: readonly Step[];
  readonly tracks: readonly Track[];
  readonly log: readonly LogLine[];
  readonly connection: ConnectionState;
  /** History has been told; from here on events move the state. */
  readonly live: boolean;
  readonly gap: boolean;
}

export type OperationAction =
  | { readonly type: 'event'; readonly event: OperationEvent }
  | { readonly type: 'operation'; readonly operation: Operation }
  | { readonly type: 'connection'; readonly state: ConnectionState }
  | { readonly type: 'gap' };

const LOG_LIMIT = 200;
const STEP_LIMIT = 100;

export function startOperationModel(operation: Operation): OperationModel {
  return { operation, steps: [], tracks: [], log: [], connection: 'connecting', live: false, gap: false };
}

export function reduceOperation(model: OperationModel, action: OperationAction): OperationModel {
  switch (action.type) {
    case 'connection':
      return { ...model, connection: action.state };
    case 'gap':
      return { ...model, gap: true };
    case 'operation':
      return endSteps({ ...model, operation: action.operation, live: true });
    case 'event':
      return reduceEvent(model, action.event);
  }
}

function reduceEvent(model: OperationModel, event: OperationEvent): OperationModel {
  const { body } = event;
  const next = model.live ? { ...model, operation: moved(model.operation, event) } : model;
  switch (body.type) {
    case 'progress':
      return { ...next, tracks: withProgress(next.tracks, body.progress, Date.parse(event.at)) };
    case 'step':
      return { ...next, steps: withStep(next.steps, body, event) };
    case 'state':
      return withLog(body.from === 'running' ? interrupted(next, event, body) : next, event);
    default:
      return withLog(next, event);
  }
}

function withStep(
  steps: readonly Step[],
  body: Extract<EventBody, { type: 'step' }>,
  event: OperationEvent,
): readonly Step[] {
  const at = Date.parse(event.at);
  const index = steps.findLastIndex((one) => one.step === body.step && one.attempt === event.attempt);
  const step: Step = {
    step: body.step,
    attempt: event.attempt,
    title: body.title,
    state: body.state,
    detail: body.detail ?? null,
    startedAt: steps[index]?.startedAt ?? at,
    endedAt: body.state === 'started' ? null : at,
  };
  return index === -1 ? [...steps, step].slice(-STEP_LIMIT) : steps.with(index, step);
}

/** An attempt that ended without its steps having ended: they did not come to their end. */
function interrupted(
  model: OperationModel,
  event: OperationEvent,
  body: Extract<EventBody, { type: 'state' }>,
): OperationModel {
  const state = body.to === 'succeeded' ? 'done' : 'failed';
  const steps = model.steps.map((step) =>
    step.state === 'started' ? ({ ...step, state, endedAt: Date.parse(event.at) } as const) : step,
  );
  return { ...model, steps };
}

/** An end that was learned from the record instead of an event. */
function endSteps(model: OperationModel): OperationModel {
  const { operation, steps } = model;
  if (!isFinal(operation.state) || !steps.some((step) => step.state === 'started')) return model;
  const endedAt = operation.finishedAt === null ? null : Date.parse(operation.finishedAt);
  const state = operation.state === 'succeeded' ? 'done' : 'failed';
  return {
    ...model,
    steps: steps.map((step) => (step.state === 'started' ? { ...step, state, endedAt } : step)),
  };
}

function withLog(model: OperationModel, event: OperationEvent): OperationModel {
  const sentence = eventSentence(event);
  if (sentence === null) return model;
  const { level, text, coloured = null } = sentence;
  const line: LogLine = { seq: event.seq, at: event.at, level, text, coloured };
  return { ...model, log: [...model.log, line].slice(-LOG_LIMIT) };
}
