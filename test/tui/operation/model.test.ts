import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../../src/contract/event.ts';
import {
  type OperationModel,
  reduceOperation,
  startOperationModel,
} from '../../../src/tui/operation/model.ts';
import { rateOf } from '../../../src/tui/track.ts';
import { at, eventOf, operation, progressOf, stateOf, stepOf } from '../samples.ts';

/** A model whose history was told, after these events, one second apart. */
function modelAfter(bodies: readonly EventBody[], start = operation()): OperationModel {
  const live = reduceOperation(startOperationModel(start), { type: 'operation', operation: start });
  return bodies.reduce(
    (model, body, index) => reduceOperation(model, { type: 'event', event: eventOf(index + 1, body) }),
    live,
  );
}

describe('the model of one operation', () => {
  test('a step that ends keeps its place and knows how long it took', () => {
    const { steps } = modelAfter([
      stepOf('login', 'started'),
      stepOf('deploy', 'started'),
      stepOf('login', 'done'),
    ]);
    expect(steps.map(({ step, state }) => [step, state])).toEqual([
      ['login', 'done'],
      ['deploy', 'started'],
    ]);
    expect(steps[0]?.endedAt).toBe(Date.parse(at(3)));
    expect(steps[0]?.startedAt).toBe(Date.parse(at(1)));
  });

  test('a step of the next attempt is another step', () => {
    const first = modelAfter([stepOf('login', 'done')]);
    const event = eventOf(9, stepOf('login', 'started'), { attempt: 2 });
    expect(reduceOperation(first, { type: 'event', event }).steps).toHaveLength(2);
  });

  test('steps that were under way when the attempt was lost did not come to their end', () => {
    const { steps } = modelAfter([stepOf('deploy', 'started'), stateOf('running', 'queued')]);
    expect(steps[0]).toMatchObject({ state: 'failed', endedAt: Date.parse(at(2)) });
  });

  test('the record of an ended operation ends its steps', () => {
    const model = modelAfter([stepOf('deploy', 'started')]);
    const ended = operation({ state: 'succeeded', finishedAt: at(5) });
    const { steps } = reduceOperation(model, { type: 'operation', operation: ended });
    expect(steps[0]).toMatchObject({ state: 'done', endedAt: Date.parse(at(5)) });
  });

  test('each counted thing has its own track, and its rate is that of the last half minute', () => {
    const { tracks } = modelAfter([
      progressOf(0, 100),
      progressOf(10, 100),
      progressOf(20, 100),
      progressOf(1, 5, 'tests'),
    ]);
    expect(tracks.map((track) => track.progress.unit)).toEqual(['components', 'tests']);
    expect(tracks.map(rateOf)).toEqual([10, null]);
  });

  test('a count that starts again has no rate from before', () => {
    const { tracks } = modelAfter([progressOf(50, 100), progressOf(60, 100), progressOf(0, 100)]);
    expect(tracks.map(rateOf)).toEqual([null]);
  });

  test('events of the history leave the record alone, which knows better', () => {
    const start = startOperationModel(operation({ state: 'running' }));
    const model = reduceOperation(start, {
      type: 'event',
      event: eventOf(1, stateOf('scheduled', 'queued')),
    });
    expect(model.operation.state).toBe('running');
  });

  test('live events move the state, the waiting reason and the error', () => {
    const waiting = modelAfter([
      stateOf('running', 'queued'),
      { type: 'waiting', waitingFor: { reason: 'org', place: 2 } },
    ]);
    expect(waiting.operation).toMatchObject({ state: 'queued', waitingFor: { reason: 'org', place: 2 } });
    const error = { code: 'deploy-failed', message: 'No.', hint: '', retryable: false };
    const failed = modelAfter([stateOf('running', 'failed', { error })]);
    expect(failed.operation).toMatchObject({ state: 'failed', error, finishedAt: at(1), waitingFor: null });
  });

  test('the log is bounded and its text cannot reach the terminal', () => {
    const lines = Array.from({ length: 300 }, (_, index): EventBody => {
      return { type: 'log', level: 'info', message: `\u001b[2Jline ${index}\nsecond` };
    });
    const { log } = modelAfter(lines);
    expect(log).toHaveLength(200);
    expect(log.at(-1)?.text).toBe('line 299 second');
  });

  test('the connection and a gap are remembered', () => {
    const model = reduceOperation(modelAfter([]), { type: 'connection', state: 'reconnecting' });
    expect(reduceOperation(model, { type: 'gap' })).toMatchObject({ connection: 'reconnecting', gap: true });
  });
});
