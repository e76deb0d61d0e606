import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/daemon/store/port.ts';
import { at, ERROR, freshStore, newOperation, ORG, operationId, shared } from './home.ts';

const PAUSE = { by: 'ann', reason: 'release', at: at(3) };

async function storeWithOrgs(file?: string): Promise<{ store: Store; file: string }> {
  const opened = await freshStore(file);
  await opened.store.putOrg('default', 'uat', ORG, at(0));
  await opened.store.putOrg('default', 'uat-too', ORG, at(0));
  return opened;
}

async function claimed(store: Store): Promise<string | null> {
  return (await store.claim(at(1_000)))?.operation.id ?? null;
}

async function waitingFor(store: Store, number: number): Promise<unknown> {
  return (await store.getOperation('default', operationId(number)))?.waitingFor;
}

describe('a paused lane', () => {
  test('starts nothing, whatever the alias, until it is resumed, and says who paused it and why', async () => {
    const { store } = await storeWithOrgs();
    await store.accept(newOperation(1), null);
    expect((await store.pauseLane('default', 'uat-too', PAUSE))?.lane.paused).toEqual({
      ...PAUSE,
      operation: null,
    });
    await store.accept(newOperation(2, { org: 'uat-too', lane: shared }), null);
    expect(await claimed(store)).toBeNull();
    const paused = { reason: 'paused', scope: 'org', by: 'ann', note: 'release' };
    expect([await waitingFor(store, 1), await waitingFor(store, 2)]).toEqual([paused, paused]);
    const orgs = await store.listOrgs('default');
    expect(orgs.map(({ lane }) => lane.paused?.by)).toEqual(['ann', 'ann']);
    expect((await store.resumeLane('default', 'uat'))?.lane.paused).toBeNull();
    expect(await claimed(store)).toBe(operationId(1));
  });

  test('lets others go on: work of other orgs, and work without one', async () => {
    const { store } = await storeWithOrgs();
    await store.pauseLane('default', 'uat', PAUSE);
    await store.accept(newOperation(1, { tenant: 'other' }), null);
    await store.accept(newOperation(2, { org: null, lane: null }), null);
    expect([await claimed(store), await claimed(store)]).toEqual([operationId(1), operationId(2)]);
  });

  test('lets what runs come to its end, and what was sent already be followed', async () => {
    const { store } = await storeWithOrgs();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.pauseLane('default', 'uat', PAUSE);
    await store.recordCheckpoint(operationId(1), 1, { deploymentId: '0Af1' }, at(4));
    await store.settle(operationId(1), 1, { to: 'queued', reason: 'restart', error: null }, at(5));
    expect(await waitingFor(store, 1)).toEqual({ reason: 'capacity' });
    expect(await claimed(store)).toBe(operationId(1));
    const ended = await store.settle(operationId(1), 2, { to: 'succeeded', result: {} }, at(6));
    expect(ended?.state).toBe('succeeded');
    expect(await claimed(store)).toBeNull();
  });

  test('stays so when the server comes back', async () => {
    const { store, file } = await storeWithOrgs();
    await store.pauseLane('default', 'uat', PAUSE);
    await store.close();
    const again = await storeWithOrgs(file);
    await again.store.accept(newOperation(1), null);
    expect(await claimed(again.store)).toBeNull();
  });

  test('that is paused again stays as it was, and one that is resumed twice is not paused', async () => {
    const { store } = await storeWithOrgs();
    await store.pauseLane('default', 'uat', PAUSE);
    const again = await store.pauseLane('default', 'uat', { by: 'bob', reason: null, at: at(9) });
    expect(again?.lane.paused).toEqual({ ...PAUSE, operation: null });
    await store.resumeLane('default', 'uat');
    expect((await store.resumeLane('default', 'uat'))?.lane.paused).toBeNull();
    expect((await store.pauseLane('default', 'nowhere', PAUSE)) ?? null).toBeNull();
    expect((await store.resumeLane('other', 'uat')) ?? null).toBeNull();
  });
});

describe('an exclusive operation that ends indeterminate', () => {
  const INDETERMINATE = { to: 'indeterminate', error: ERROR, result: null } as const;

  async function endedIndeterminate(): Promise<Store> {
    const { store } = await storeWithOrgs();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.settle(operationId(1), 1, INDETERMINATE, at(5));
    return store;
  }

  test('pauses its lane until it is resolved', async () => {
    const store = await endedIndeterminate();
    expect(await claimed(store)).toBeNull();
    const note = `${operationId(1)} ended indeterminate`;
    expect(await waitingFor(store, 2)).toEqual({
      reason: 'paused',
      scope: 'org',
      by: 'the server',
      note,
      operation: operationId(1),
    });
    const [org] = await store.listOrgs('default');
    expect(org?.lane.paused).toEqual({
      by: 'the server',
      reason: note,
      at: at(5),
      operation: operationId(1),
    });
    await store.resolve('default', operationId(1), { as: 'failed', note: 'n', by: 'ann', at: at(9) });
    expect(await claimed(store)).toBe(operationId(2));
  });

  test('leaves a lane paused that a person paused as well', async () => {
    const store = await endedIndeterminate();
    await store.pauseLane('default', 'uat', PAUSE);
    await store.resolve('default', operationId(1), { as: 'failed', note: 'n', by: 'ann', at: at(9) });
    expect(await claimed(store)).toBeNull();
    expect(await waitingFor(store, 2)).toMatchObject({ reason: 'paused', by: 'ann' });
  });

  test('holds nothing up any more when its lane was resumed by hand, and is resolved all the same', async () => {
    const store = await endedIndeterminate();
    expect((await store.resumeLane('default', 'uat'))?.lane.paused).toBeNull();
    expect(await claimed(store)).toBe(operationId(2));
    const resolution = { as: 'succeeded', note: 'n', by: 'ann', at: at(9) } as const;
    expect((await store.resolve('default', operationId(1), resolution))?.resolution).toEqual(resolution);
  });

  test('pauses nothing when it was shared, or when the org says so', async () => {
    const { store } = await storeWithOrgs();
    await store.accept(newOperation(1, { lane: shared }), null);
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.settle(operationId(1), 1, INDETERMINATE, at(5));
    expect(await claimed(store)).toBe(operationId(2));
    await store.settle(operationId(2), 1, INDETERMINATE, at(6), 'go-on');
    expect(await claimed(store)).toBe(operationId(3));
  });
});

describe('a paused server', () => {
  test('starts nothing of any tenant until it is resumed, also after it came back', async () => {
    const { store, file } = await storeWithOrgs();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { tenant: 'other', org: null, lane: null }), null);
    expect(await store.pauseServer(PAUSE)).toEqual({ ...PAUSE, operation: null });
    await store.close();
    const again = (await freshStore(file)).store;
    expect(await claimed(again)).toBeNull();
    expect(await waitingFor(again, 1)).toEqual({
      reason: 'paused',
      scope: 'server',
      by: 'ann',
      note: 'release',
    });
    await again.resumeServer();
    await again.resumeServer();
    expect(await again.serverPause()).toBeNull();
    expect([await claimed(again), await claimed(again)]).toEqual([operationId(1), operationId(2)]);
  });

  test('that is paused again stays as it was', async () => {
    const { store } = await storeWithOrgs();
    await store.pauseServer(PAUSE);
    expect(await store.pauseServer({ by: 'bob', reason: null, at: at(9) })).toEqual({
      ...PAUSE,
      operation: null,
    });
  });

  test('lets what was sent already be followed', async () => {
    const { store } = await storeWithOrgs();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { org: null, lane: null }), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.pauseServer(PAUSE);
    await store.recordCheckpoint(operationId(1), 1, { intent: true }, at(4));
    await store.settle(operationId(1), 1, { to: 'queued', reason: 'restart', error: null }, at(5));
    expect(await claimed(store)).toBe(operationId(1));
    expect(await claimed(store)).toBeNull();
  });
});
