import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../../src/contract/event.ts';
import type { OperationError } from '../../../src/contract/operation.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { at, freshStore, newOperation, operationId } from './home.ts';

const ID = operationId(1);
const ERROR: OperationError = { code: 'worker-lost', message: 'it went', hint: 'look', retryable: true };
const WORKER = { pid: 4_711, startTime: '123456', bootId: 'b' };

async function running(): Promise<Store> {
  const { store } = await freshStore();
  await store.accept(newOperation(1), null);
  expect((await store.claim(at(2)))?.operation).toMatchObject({ id: ID, state: 'running', attempt: 1 });
  return store;
}

async function bodies(store: Store): Promise<readonly EventBody[]> {
  const events = await store.listEvents({
    tenant: 'default',
    operation: ID,
    org: null,
    afterSeq: 0,
    limit: 100,
  });
  return events.map(({ body }) => body);
}

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
    expect(await store.recordWorker(ID, 1, { ...WORKER, pid: 4_712 })).toBe(true);
    await store.recordCheckpoint(ID, 1, { a: 1 }, at(3));
    expect(await store.listOpenAttempts()).toMatchObject([
      {
        operation: { id: ID, attempt: 1 },
        checkpoint: { a: 1 },
        workers: [WORKER, { ...WORKER, pid: 4_712 }],
      },
    ]);
    await store.settle(ID, 1, { to: 'queued', reason: 'restart', error: null }, at(4));
    expect(await store.listOpenAttempts()).toEqual([]);
    await store.claim(at(5));
    expect(await store.listOpenAttempts()).toMatchObject([{ operation: { attempt: 2 }, workers: [] }]);
  });
});

describe('a request to cancel', () => {
  test('ends waiting work at once', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    const cancelled = await store.requestCancel('default', ID, 'ann', at(5));
    expect(cancelled).toMatchObject({ state: 'cancelled', cancelRequestedAt: at(5), finishedAt: at(5) });
    expect((await bodies(store)).slice(1)).toEqual([
      { type: 'state', from: 'queued', to: 'cancelled', reason: 'cancelled by ann', error: null },
    ]);
    expect(await store.claim(at(6))).toBeNull();
  });

  test('marks running work, once', async () => {
    const store = await running();
    const first = await store.requestCancel('default', ID, 'ann', at(5));
    expect(first).toMatchObject({ state: 'running', cancelRequestedAt: at(5) });
    expect(await store.requestCancel('default', ID, 'bob', at(6))).toEqual(first);
    expect((await bodies(store)).slice(2)).toEqual([{ type: 'cancel-requested', by: 'ann' }]);
  });

  test('leaves an ended operation as it is', async () => {
    const store = await running();
    const ended = await store.settle(ID, 1, { to: 'succeeded', result: {} }, at(5));
    expect(await store.requestCancel('default', ID, null, at(6))).toEqual(ended);
    expect(await bodies(store)).toHaveLength(3);
  });

  test('lets the next attempt end what an earlier one left in the org', async () => {
    const store = await running();
    await store.recordCheckpoint(ID, 1, { deploymentId: '0Af1' }, at(3));
    await store.settle(ID, 1, { to: 'scheduled', at: at(90), reason: 'lost', error: ERROR }, at(4));
    expect(await store.requestCancel('default', ID, 'ann', at(5))).toMatchObject({
      state: 'queued',
      cancelRequestedAt: at(5),
    });
    const claim = await store.claim(at(6));
    expect(claim).toMatchObject({
      operation: { cancelRequestedAt: at(5) },
      checkpoint: { deploymentId: '0Af1' },
    });
    const ended = await store.settle(ID, 2, { to: 'cancelled', result: null }, at(7));
    expect(ended).toMatchObject({ state: 'cancelled', error: null });
  });

  test('ends a waiting retry whose checkpoint was taken back', async () => {
    const store = await running();
    await store.recordCheckpoint(ID, 1, { intent: true }, at(3));
    await store.recordCheckpoint(ID, 1, {}, at(3));
    await store.settle(ID, 1, { to: 'scheduled', at: at(90), reason: 'lost', error: ERROR }, at(4));
    expect(await store.requestCancel('default', ID, null, at(5))).toMatchObject({ state: 'cancelled' });
  });
});

describe('newer work that supersedes', () => {
  const supersede = (running: 'keep' | 'cancel') => ({ supersede: { key: 'pr-1', running } });

  test('cancels what waits under the same key of the same tenant', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, supersede('keep')), null);
    await store.accept(newOperation(2, { ...supersede('keep'), scheduledFor: at(99) }), null);
    await store.accept(newOperation(3, { supersede: { key: 'pr-2', running: 'keep' } }), null);
    await store.accept(newOperation(4, { ...supersede('keep'), tenant: 'other' }), null);
    await store.accept(newOperation(5), null);
    await store.accept(newOperation(6, supersede('keep')), null);
    const page = await store.listOperations({
      tenant: 'default',
      states: ['cancelled'],
      org: null,
      task: null,
      label: null,
      limit: 9,
      cursor: null,
    });
    expect(page.items.map(({ id }) => id)).toEqual([operationId(2), operationId(1)]);
    expect((await bodies(store)).at(-1)).toMatchObject({
      to: 'cancelled',
      reason: `superseded by ${operationId(2)}`,
    });
  });

  test.each([
    ['keep', null],
    ['cancel', at(3)],
  ] as const)('with running: %s decides about what runs', async (choice, requested) => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, supersede('keep')), null);
    await store.claim(at(2));
    await store.accept(newOperation(3, supersede(choice)), null);
    expect(await store.getOperation('default', ID)).toMatchObject({
      state: 'running',
      cancelRequestedAt: requested,
    });
  });
});
