import { describe, expect, test } from 'vitest';
import { at, bodies, ERROR, freshStore, ID, newOperation, operationId, running } from './home.ts';

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

  test.each([
    ['cancelled when nothing was sent', null, 'cancelled'],
    ['cancelled when what was to be sent was taken back', {}, 'cancelled'],
    ['tried again when something may go on in the org', { deploymentId: '0Af1' }, 'scheduled'],
  ] as const)('that comes while an attempt is settled: %s', async (_what, checkpoint, state) => {
    const store = await running();
    if (checkpoint !== null) await store.recordCheckpoint(ID, 1, checkpoint, at(3));
    await store.requestCancel('default', ID, 'ann', at(4));
    const again = { to: 'scheduled', at: at(60), reason: 'worker lost', error: ERROR } as const;
    expect((await store.settle(ID, 1, again, at(5)))?.state).toBe(state);
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
