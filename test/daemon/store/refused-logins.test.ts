import { describe, expect, test } from 'vitest';
import type { Settlement, Store } from '../../../src/daemon/store/port.ts';
import { at, freshStore, newOperation, ORG, operationId, shared } from './home.ts';

const WHY = 'login.example refused the login: invalid_grant.';
const error = { code: 'login-refused', message: WHY, hint: 'log in', retryable: false };
const REFUSED: Settlement = { to: 'queued', reason: `login-refused: ${WHY}`, error };
const WAITS = { reason: 'credential', login: 'uat', note: WHY };

async function storeWithOrg(): Promise<Store> {
  const { store } = await freshStore();
  await store.putOrg('default', 'uat', ORG, at(0));
  return store;
}

async function claimed(store: Store): Promise<string | null> {
  return (await store.claim(at(100)))?.operation.id ?? null;
}

const waitingFor = async (store: Store, number: number): Promise<unknown> =>
  (await store.getOperation('default', operationId(number)))?.waitingFor;
const loginOf = async (store: Store) => (await store.listOrgs('default'))[0]?.login;
const notices = async (store: Store) => {
  const all = { tenant: 'default', operation: null, org: null, afterSeq: 0, limit: 100 };
  return (await store.listEvents(all)).filter(({ body }) => body.type === 'waiting');
};

describe('a refused login', () => {
  test('keeps the place of the work that met it and holds up its lane, until there is a new login', async () => {
    const store = await storeWithOrg();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2), null);
    expect(await claimed(store)).toBe(operationId(1));
    expect(await store.settle(operationId(1), 1, REFUSED, at(101))).toMatchObject({
      state: 'queued',
      attempt: 1,
      error: { code: 'login-refused' },
    });
    expect(await claimed(store)).toBeNull();
    expect([await waitingFor(store, 1), await waitingFor(store, 2)]).toEqual([WAITS, WAITS]);
    expect(await loginOf(store)).toEqual({ state: 'refused', refusedAt: at(101), reason: WHY, usedAt: null });
    await store.putOrg('default', 'uat', ORG, at(102));
    expect(await loginOf(store)).toMatchObject({ state: 'ok', refusedAt: null });
    expect(await claimed(store)).toBe(operationId(1));
  });

  test('is told once, however many find it out', async () => {
    const store = await storeWithOrg();
    for (const number of [1, 2, 3]) await store.accept(newOperation(number, { lane: shared }), null);
    for (const number of [1, 2, 3]) expect(await claimed(store)).toBe(operationId(number));
    for (const number of [1, 2, 3]) await store.settle(operationId(number), 1, REFUSED, at(101));
    expect(await notices(store)).toMatchObject([
      { operation: operationId(1), body: { type: 'waiting', waitingFor: WAITS } },
    ]);
    await store.putOrg('default', 'uat', ORG, at(102));
    for (const number of [1, 2, 3]) expect(await claimed(store)).toBe(operationId(number));
  });

  test('holds up what was sent already too: without a login nobody can look after it', async () => {
    const store = await storeWithOrg();
    await store.accept(newOperation(1), null);
    await claimed(store);
    await store.recordCheckpoint(operationId(1), 1, { deploymentId: '0Af1' }, at(100));
    await store.settle(operationId(1), 1, REFUSED, at(101));
    expect(await claimed(store)).toBeNull();
    expect(await waitingFor(store, 1)).toEqual(WAITS);
    await store.putOrg('default', 'uat', ORG, at(102));
    expect((await store.claim(at(103)))?.checkpoint).toEqual({ deploymentId: '0Af1' });
  });

  test('of an attempt that began before the new login says nothing about it', async () => {
    const store = await storeWithOrg();
    await store.accept(newOperation(1), null);
    await claimed(store);
    await store.putOrg('default', 'uat', ORG, at(101));
    await store.settle(operationId(1), 1, REFUSED, at(102));
    expect(await loginOf(store)).toMatchObject({ state: 'ok' });
    expect(await claimed(store)).toBe(operationId(1));
  });

  test('pauses the lane also where the clock was set back after the login', async () => {
    const store = await storeWithOrg();
    await store.putOrg('default', 'uat', ORG, at(3_600));
    await store.accept(newOperation(1), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.settle(operationId(1), 1, REFUSED, at(101));
    expect(await loginOf(store)).toMatchObject({ state: 'refused' });
    expect(await claimed(store)).toBeNull();
  });

  test('leaves the pause that a person made, and a person may try it again as it is', async () => {
    const store = await storeWithOrg();
    await store.accept(newOperation(1), null);
    await claimed(store);
    await store.pauseLane('default', 'uat', { by: 'ann', reason: 'release', at: at(100) });
    await store.settle(operationId(1), 1, REFUSED, at(101));
    await store.putOrg('default', 'uat', ORG, at(102));
    expect(await waitingFor(store, 1)).toMatchObject({ reason: 'paused', by: 'ann' });
    await store.resumeLane('default', 'uat');
    expect(await claimed(store)).toBe(operationId(1));
    await store.settle(operationId(1), 2, REFUSED, at(104));
    await store.resumeLane('default', 'uat');
    expect(await loginOf(store)).toMatchObject({ state: 'ok' });
    expect(await claimed(store)).toBe(operationId(1));
  });

  test('of work that is there to try it pauses the lane as well', async () => {
    const store = await storeWithOrg();
    await store.accept(newOperation(1, { lane: shared }), null);
    await store.accept(newOperation(2), null);
    await claimed(store);
    await store.settle(operationId(1), 1, { to: 'failed', error, result: null }, at(101));
    expect(await claimed(store)).toBeNull();
    expect(await waitingFor(store, 2)).toEqual(WAITS);
  });
});

test('a login that nobody tried is unchecked until a session was got with it', async () => {
  const store = await storeWithOrg();
  await store.putOrg('default', 'uat', { ...ORG, checked: false }, at(1));
  expect(await loginOf(store)).toMatchObject({ state: 'unchecked', usedAt: null });
  await store.noteLogin('default', 'uat', at(2));
  expect(await loginOf(store)).toMatchObject({ state: 'ok', usedAt: at(2) });
});
