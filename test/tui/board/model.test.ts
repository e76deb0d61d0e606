import { describe, expect, test } from 'vitest';
import { type BoardModel, EMPTY_BOARD, lanesOf, reduceBoard } from '../../../src/tui/board/model.ts';
import { at, eventOf, ID, operation, org, progressOf, records, stateOf } from '../samples.ts';

function boardWith(changes: Parameters<typeof records>[0]): BoardModel {
  return reduceBoard(EMPTY_BOARD, { type: 'records', records: records(changes) });
}

describe('the model of the board', () => {
  test('events move what runs, and what ends stands first among the finished', () => {
    const before = operation({ id: 'op_before', state: 'failed', finishedAt: at(1) });
    const board = boardWith({ active: [operation()], finished: [before] });
    const progressed = reduceBoard(board, { type: 'event', event: eventOf(1, progressOf(5, 10)) });
    expect(progressed.records?.active[0]?.progress).toMatchObject({ done: 5, total: 10 });
    expect(progressed.tracks[ID]).toHaveLength(1);
    const event = eventOf(2, stateOf('running', 'succeeded'));
    const ended = reduceBoard(progressed, { type: 'event', event });
    expect(ended.records?.active).toEqual([]);
    expect(ended.records?.finished.map((one) => one.id)).toEqual([ID, 'op_before']);
  });

  test('what the server answers next is the truth, and forgets the rates of what has ended', () => {
    const board = reduceBoard(boardWith({ active: [operation()] }), {
      type: 'event',
      event: eventOf(1, progressOf(5, 10)),
    });
    expect(reduceBoard(board, { type: 'records', records: records() }).tracks).toEqual({});
  });

  test('the question about running work is over when none runs any more', () => {
    const asking = reduceBoard(boardWith({ active: [operation()] }), { type: 'asking', asking: true });
    expect(reduceBoard(asking, { type: 'event', event: eventOf(1, progressOf(1, 2)) }).asking).toBe(true);
    const ended = eventOf(2, stateOf('running', 'succeeded'));
    expect(reduceBoard(asking, { type: 'event', event: ended }).asking).toBe(false);
  });

  test('an event of an operation that it does not know changes nothing', () => {
    const board = boardWith({});
    expect(reduceBoard(board, { type: 'event', event: eventOf(1, progressOf(1, 2)) })).toBe(board);
  });

  test('the finished stand in the order of their ends', () => {
    const [first, last] = [
      operation({ id: 'a', finishedAt: at(1) }),
      operation({ id: 'b', finishedAt: at(2) }),
    ];
    expect(boardWith({ finished: [first, last] }).records?.finished.map((one) => one.id)).toEqual(['b', 'a']);
  });

  test('two aliases of one organisation are one lane', () => {
    const lanes = lanesOf(records({ orgs: [org('uat', '1'), org('uat-ci', '1')], active: [] }));
    expect(lanes.map((lane) => lane.aliases)).toEqual([['uat', 'uat-ci']]);
  });

  test('lanes where work runs come first, then those where it waits in its turn, then idle ones', () => {
    const waiting = (id: string, place: number) =>
      operation({ id, org: 'prod', state: 'queued', waitingFor: { reason: 'org', place } });
    const lanes = lanesOf(
      records({
        orgs: [org('dev', '3'), org('prod', '2'), org('uat', '1')],
        active: [waiting('second', 2), waiting('first', 1), operation()],
      }),
    );
    expect(lanes.map((lane) => lane.aliases[0])).toEqual(['uat', 'prod', 'dev']);
    expect(lanes[1]?.waiting.map((one) => one.id)).toEqual(['first', 'second']);
  });
});
