import { describe, expect, test } from 'vitest';
import type { LaneRules } from '../../../src/daemon/store/lane-rules.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { at, bodies, ERROR, freshStore, newOperation, operationId } from './home.ts';

const RULES: LaneRules = { concurrency: {}, closed: {}, pools: { ci: ['ci1', 'ci2'] } };
const FIRST = '00D000000000001EAA';
const SECOND = '00D000000000002EAA';

async function storeWithOrgs(): Promise<Store> {
  const { store } = await freshStore();
  for (const [alias, organisationId] of [
    ['ci1', FIRST],
    ['ci2', SECOND],
  ] as const) {
    const org = { kind: 'jwt', username: 'a', instanceUrl: 'https://o.example', organisationId } as const;
    await store.putOrg('default', alias, org, at(0));
  }
  return store;
}

function pooled(number: number, mode: 'exclusive' | 'shared' = 'exclusive') {
  return newOperation(number, { org: null, lane: null, pool: { name: 'ci', mode } });
}

function inOrg(number: number, org: 'ci1' | 'ci2', mode: 'exclusive' | 'shared' = 'exclusive') {
  return newOperation(number, { org, lane: { organisation: org === 'ci1' ? FIRST : SECOND, mode } });
}

async function claimed(store: Store, rules = RULES): Promise<[number, string | null] | null> {
  const claim = await store.claim(at(1_000), rules);
  return claim === null ? null : [Number(claim.operation.id.slice(3)), claim.operation.org];
}

async function waitingFor(store: Store, number: number): Promise<unknown> {
  return (await store.getOperation('default', operationId(number)))?.waitingFor;
}

describe('work of a pool', () => {
  test('does not start in a locked org, nor in one where a lock stands before it', async () => {
    const store = await storeWithOrgs();
    const lock = { ttlSeconds: 60, note: null, by: 'ann' };
    await store.createLock('default', 'ci1', { ...lock, id: `lk_${'1'.padStart(26, '0')}`, at: at(0) });
    await store.accept(inOrg(1, 'ci2', 'shared'), null);
    expect(await claimed(store)).toEqual([1, 'ci2']);
    await store.createLock('default', 'ci2', { ...lock, id: `lk_${'2'.padStart(26, '0')}`, at: at(2) });
    await store.accept(pooled(3, 'shared'), null);
    expect(await claimed(store)).toBeNull();
    await store.expireLocks(at(61));
    expect(await claimed(store)).toEqual([3, 'ci1']);
  });

  test('runs in the first org whose lane is free, and its org is fixed from then on', async () => {
    const store = await storeWithOrgs();
    for (const number of [1, 2, 3]) await store.accept(pooled(number), null);
    expect([await claimed(store), await claimed(store), await claimed(store)]).toEqual([
      [1, 'ci1'],
      [2, 'ci2'],
      null,
    ]);
    expect(await waitingFor(store, 3)).toEqual({ reason: 'pool', place: 1 });
    await store.settle(operationId(2), 1, { to: 'queued', reason: 'again', error: ERROR }, at(5));
    await store.settle(operationId(1), 1, { to: 'succeeded', result: {} }, at(6));
    expect(await claimed(store)).toEqual([2, 'ci2']);
    expect(await claimed(store)).toEqual([3, 'ci1']);
    expect(await store.getOperation('default', operationId(2))).toMatchObject({ pool: 'ci', attempt: 2 });
    const started = (await bodies(store)).findIndex((body) => body.type === 'state' && body.to === 'running');
    const events = await store.listEvents({
      tenant: 'default',
      operation: operationId(1),
      org: null,
      afterSeq: 0,
      limit: 10,
    });
    expect(events.map(({ org }) => org).slice(0, started + 1)).toEqual([null, 'ci1']);
  });

  test('passes nothing that waits in the lane of an org, and is passed by nothing', async () => {
    const store = await storeWithOrgs();
    for (const one of [inOrg(1, 'ci1', 'shared'), inOrg(2, 'ci2', 'shared')]) await store.accept(one, null);
    expect([await claimed(store), await claimed(store)]).toEqual([
      [1, 'ci1'],
      [2, 'ci2'],
    ]);
    await store.accept(inOrg(3, 'ci1'), null);
    await store.accept(pooled(4), null);
    await store.accept(inOrg(5, 'ci2', 'shared'), null);
    expect(await claimed(store)).toBeNull();
    expect(await waitingFor(store, 5)).toEqual({ reason: 'org', operation: operationId(4) });
    await store.settle(operationId(1), 1, { to: 'succeeded', result: {} }, at(5));
    expect(await claimed(store)).toEqual([3, 'ci1']);
    expect(await claimed(store)).toBeNull();
    await store.settle(operationId(2), 1, { to: 'succeeded', result: {} }, at(6));
    expect(await claimed(store)).toEqual([4, 'ci2']);
  });

  test('waits for no org that is closed or paused', async () => {
    const store = await storeWithOrgs();
    const window = { to: 'exclusive', until: at(9_000), note: 'n' } as const;
    await store.accept(pooled(1), null);
    await store.accept(pooled(2), null);
    expect(await claimed(store, { ...RULES, closed: { ci1: window } })).toEqual([1, 'ci2']);
    const earlier = { ...window, until: at(8_000) };
    expect(await claimed(store, { ...RULES, closed: { ci1: window, ci2: earlier } })).toBeNull();
    expect(await waitingFor(store, 2)).toEqual({ reason: 'window', until: at(8_000), note: 'n' });
    await store.pauseLane('default', 'ci1', { by: 'ann', reason: null, at: at(7) });
    expect(await claimed(store)).toBeNull();
    await store.resumeLane('default', 'ci1');
    expect(await claimed(store)).toEqual([2, 'ci1']);
  });

  test('of a server that is paused waits', async () => {
    const store = await storeWithOrgs();
    await store.accept(pooled(1), null);
    await store.pauseServer({ by: 'ann', reason: null, at: at(7) });
    expect(await claimed(store)).toBeNull();
    expect(await waitingFor(store, 1)).toMatchObject({ reason: 'paused', scope: 'server' });
  });

  test('does not hold up what follows a deployment, where each org has something to follow', async () => {
    const store = await storeWithOrgs();
    await store.accept(inOrg(1, 'ci1'), null);
    await store.accept(inOrg(2, 'ci2'), null);
    expect([await claimed(store), await claimed(store)]).toEqual([
      [1, 'ci1'],
      [2, 'ci2'],
    ]);
    await store.accept({ ...pooled(3), priority: 'critical' }, null);
    for (const number of [1, 2]) {
      await store.recordCheckpoint(operationId(number), 1, { deploymentId: '0Af' }, at(4));
      await store.settle(operationId(number), 1, { to: 'queued', reason: 'again', error: ERROR }, at(5));
    }
    expect(await claimed(store)).toEqual([1, 'ci1']);
  });

  test('whose pool is declared no more waits until it is again, and can be cancelled', async () => {
    const store = await storeWithOrgs();
    await store.accept(pooled(1), null);
    expect(await claimed(store, { ...RULES, pools: {} })).toBeNull();
    expect(await waitingFor(store, 1)).toEqual({ reason: 'pool', note: 'no org of its pool is known here' });
    await store.requestCancel('default', operationId(1), null, at(3));
    expect((await store.getOperation('default', operationId(1)))?.state).toBe('cancelled');
  });

  test('is no work without an org', async () => {
    const store = await storeWithOrgs();
    await store.accept(pooled(1), null);
    await store.accept(newOperation(2, { org: null, lane: null }), null);
    expect(await claimed(store, { ...RULES, pools: {} })).toEqual([2, null]);
  });

  test('shared, runs beside other shared work up to the limit of each org', async () => {
    const store = await storeWithOrgs();
    for (let number = 1; number <= 4; number += 1) await store.accept(pooled(number, 'shared'), null);
    const rules = { ...RULES, concurrency: { ci1: 2, ci2: 1 } };
    const all = [];
    for (let count = 0; count < 4; count += 1) all.push(await claimed(store, rules));
    expect(all).toEqual([[1, 'ci1'], [2, 'ci1'], [3, 'ci2'], null]);
  });
});
