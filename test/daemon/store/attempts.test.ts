import { describe, expect, test } from 'vitest';
import { NO_LANE_RULES } from '../../../src/daemon/store/port.ts';
import { at, bodies, ERROR, freshStore, ID, newOperation, running } from './home.ts';

const WORKER = { marker: 'w_1:task', pid: 4_711, startTime: '123456', bootId: 'b' };
const OTHER = { ...WORKER, marker: 'w_2:task', pid: 4_712 };

describe('an attempt', () => {
  test('is claimed with its number, its input and a committed event', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    const claim = await store.claim(at(2));
    expect(claim).toMatchObject({ checkpoint: null, operation: { input: { number: 1 }, startedAt: at(2) } });
    expect((await bodies(store)).at(-1)).toEqual({
      type: 'state',
      from: 'queued',
      to: 'running',
      reason: null,
      error: null,
    });
  });

  test('reports progress, steps and log in one go; the last progress is the progress of the operation', async () => {
    const store = await running();
    const progress = (done: number) => ({ done, total: 9, unit: 'components', message: '' });
    const reports = [
      { type: 'progress', progress: progress(1) },
      { type: 'log', level: 'info', message: 'on it' },
      { type: 'progress', progress: progress(2) },
      { type: 'step', step: 'deploy', title: 'Deploy', state: 'started' },
    ] as const;
    expect(await store.recordReports(ID, 1, reports, at(3))).toBe(true);
    expect((await bodies(store)).slice(2)).toEqual(reports);
    expect((await store.getOperation('default', ID))?.progress).toEqual(progress(2));
  });

  test('of an older number changes nothing', async () => {
    const store = await running();
    await store.settle(ID, 1, { to: 'queued', reason: 'the server stopped', error: null }, at(3));
    await store.claim(at(4));
    const before = await bodies(store);
    const log = { type: 'log', level: 'info', message: 'late' } as const;
    expect(await store.recordReports(ID, 1, [log], at(5))).toBe(false);
    expect(await store.recordWorker(ID, 1, WORKER)).toBe(false);
    expect(await store.recordCheckpoint(ID, 1, { id: '0Af' }, at(5))).toBe(false);
    expect(await store.settle(ID, 1, { to: 'succeeded', result: {} }, at(5))).toBeNull();
    expect(await bodies(store)).toEqual(before);
    expect(await store.getOperation('default', ID)).toMatchObject({ state: 'running', attempt: 2 });
  });

  test('is settled once', async () => {
    const store = await running();
    const settlements = await Promise.all([
      store.settle(ID, 1, { to: 'succeeded', result: { n: 1 } }, at(5)),
      store.settle(ID, 1, { to: 'failed', error: ERROR, result: null }, at(5)),
    ]);
    expect(settlements[0]).toMatchObject({
      state: 'succeeded',
      result: { n: 1 },
      error: null,
      finishedAt: at(5),
    });
    expect(settlements[1]).toBeNull();
  });

  test.each(['failed', 'timed_out', 'indeterminate'] as const)(
    'that ends as %s tells its error',
    async (to) => {
      const store = await running();
      const settled = await store.settle(ID, 1, { to, error: ERROR, result: null }, at(5));
      expect(settled).toMatchObject({ state: to, error: ERROR, result: null, finishedAt: at(5) });
      expect((await bodies(store)).at(-1)).toEqual({
        type: 'state',
        from: 'running',
        to,
        reason: null,
        error: ERROR,
      });
    },
  );

  test('that is tried again keeps its error until the next one starts', async () => {
    const store = await running();
    const again = { to: 'scheduled', at: at(60), reason: 'worker lost', error: ERROR } as const;
    expect(await store.settle(ID, 1, again, at(5))).toMatchObject({
      state: 'scheduled',
      error: ERROR,
      finishedAt: null,
    });
    await store.promoteDue(at(60));
    expect(await store.getOperation('default', ID)).toMatchObject({ state: 'queued', error: ERROR });
    expect((await store.claim(at(61)))?.operation).toMatchObject({
      attempt: 2,
      error: null,
      startedAt: at(2),
    });
  });

  test('hands its checkpoint to the next one', async () => {
    const store = await running();
    expect(await store.recordCheckpoint(ID, 1, { deploymentId: '0Af1' }, at(3))).toBe(true);
    expect((await bodies(store)).at(-1)).toEqual({
      type: 'checkpoint',
      checkpoint: { deploymentId: '0Af1' },
    });
    await store.settle(ID, 1, { to: 'queued', reason: 'the server stopped', error: null }, at(4));
    expect((await store.claim(at(5)))?.checkpoint).toEqual({ deploymentId: '0Af1' });
  });

  test('is found open, with its workers, until it is settled', async () => {
    const store = await running();
    expect(await store.recordWorker(ID, 1, WORKER)).toBe(true);
    expect(await store.recordWorker(ID, 1, OTHER)).toBe(true);
    // The answer was lost, and the daemon asks again.
    expect(await store.recordWorker(ID, 1, OTHER)).toBe(true);
    await store.recordCheckpoint(ID, 1, { a: 1 }, at(3));
    expect(await store.listOpenAttempts()).toMatchObject([
      {
        operation: { id: ID, attempt: 1 },
        checkpoint: { a: 1 },
        workers: [WORKER, OTHER],
      },
    ]);
    await store.settle(ID, 1, { to: 'queued', reason: 'restart', error: null }, at(4));
    expect(await store.listOpenAttempts()).toEqual([]);
    await store.claim(at(5));
    expect(await store.listOpenAttempts()).toMatchObject([{ operation: { attempt: 2 }, workers: [] }]);
  });

  test('may be claimed together with the worker that waits for it', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2), NO_LANE_RULES, WORKER);
    expect(await store.listOpenAttempts()).toMatchObject([{ operation: { id: ID }, workers: [WORKER] }]);
  });

  test('is not claimed with a worker that another attempt was given', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2), NO_LANE_RULES, WORKER);
    await store.settle(ID, 1, { to: 'queued', reason: 'restart', error: null }, at(3));
    await expect(store.claim(at(4), NO_LANE_RULES, WORKER)).rejects.toThrow();
    expect(await store.getOperation('default', ID)).toMatchObject({ state: 'queued', attempt: 1 });
  });
});
