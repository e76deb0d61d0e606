import { describe, expect, test } from 'vitest';
import type { NewLock } from '../../../src/daemon/store/lane-port.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { at, ERROR, freshStore, newOperation, ORG, operationId, shared } from './home.ts';

async function storeWithOrg(file?: string): Promise<{ store: Store; file: string }> {
  const opened = await freshStore(file);
  await opened.store.putOrg('default', 'uat', ORG, at(0));
  return opened;
}

function lockId(number: number): string {
  return `lk_${String(number).padStart(26, '0')}`;
}

function newLock(number: number, changes: Partial<NewLock> = {}): NewLock {
  return { id: lockId(number), ttlSeconds: 60, note: 'ci', by: 'ann', at: at(number), ...changes };
}

const nameOf = (number: number) => ({ tenant: 'default', alias: 'uat', id: lockId(number) });

async function claimed(store: Store): Promise<string | null> {
  return (await store.claim(at(1_000)))?.operation.id ?? null;
}

async function stateOf(store: Store, number: number): Promise<unknown> {
  const [org] = await store.listOrgs('default');
  return org?.lane.locks.find(({ id }) => id === lockId(number))?.state ?? null;
}

async function waitingFor(store: Store, number: number): Promise<unknown> {
  return (await store.getOperation('default', operationId(number)))?.waitingFor;
}

describe('a lock', () => {
  test('is refused where a hundred of its lane are open, and nothing is written', async () => {
    const { store } = await storeWithOrg();
    const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
    await Promise.all(
      numbers.map((number) => store.createLock('default', 'uat', newLock(number, { ttlSeconds: 3_600 }))),
    );
    const refused = store.createLock('default', 'uat', newLock(101, { ttlSeconds: 3_600 }));
    await expect(refused).rejects.toMatchObject({ code: 'queue-full', retryAfterSeconds: 60 });
    expect(await store.releaseLock(nameOf(101), at(200))).toBe('unknown');
    expect(await store.releaseLock(nameOf(1), at(200))).toBe('released');
    expect(await store.createLock('default', 'uat', newLock(102, { ttlSeconds: 3_600 }))).toMatchObject({
      state: 'waiting',
      place: 99,
    });
  });

  test('is held at once in a free lane, and nothing starts until it is released', async () => {
    const { store } = await storeWithOrg();
    expect(await store.createLock('default', 'uat', newLock(1))).toEqual({
      id: lockId(1),
      org: 'uat',
      state: 'held',
      place: null,
      fence: 1,
      ttlSeconds: 60,
      note: 'ci',
      by: 'ann',
      createdAt: at(1),
      expiresAt: at(61),
    });
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3, { lane: shared, priority: 'critical' }), null);
    expect(await claimed(store)).toBeNull();
    const lock = { reason: 'lock', lock: lockId(1), by: 'ann', note: 'ci' };
    expect(await waitingFor(store, 2)).toEqual({ ...lock, place: 2 });
    expect(await waitingFor(store, 3)).toEqual({ ...lock, place: 1 });
    expect(await store.releaseLock(nameOf(1), at(9))).toBe('released');
    expect(await claimed(store)).toBe(operationId(3));
  });

  test('takes its place in line: after what waits before it, before what comes after', async () => {
    const { store } = await storeWithOrg();
    for (const number of [1, 2]) await store.accept(newOperation(number), null);
    expect(await claimed(store)).toBe(operationId(1));
    const lock = await store.createLock('default', 'uat', newLock(3));
    expect(lock).toMatchObject({ state: 'waiting', place: 2, fence: null });
    await store.accept(newOperation(4), null);
    expect(await waitingFor(store, 4)).toMatchObject({ reason: 'lock', lock: lockId(3), place: 3 });
    await store.settle(operationId(1), 1, { to: 'succeeded', result: {} }, at(10));
    expect(await claimed(store)).toBe(operationId(2));
    expect(await stateOf(store, 3)).toBe('waiting');
    await store.settle(operationId(2), 1, { to: 'succeeded', result: {} }, at(11));
    expect(await stateOf(store, 3)).toBe('held');
    expect(await claimed(store)).toBeNull();
  });

  test('waits behind an exclusive operation in back-off', async () => {
    const { store } = await storeWithOrg();
    await store.accept(newOperation(1), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.createLock('default', 'uat', newLock(2));
    await store.settle(operationId(1), 1, { to: 'scheduled', at: at(50), reason: 'r', error: null }, at(10));
    expect(await stateOf(store, 2)).toBe('waiting');
    await store.promoteDue(at(50));
    expect(await claimed(store)).toBe(operationId(1));
  });

  test('is followed by the next one, with a higher number, whatever the alias', async () => {
    const { store } = await storeWithOrg();
    await store.putOrg('default', 'uat-too', ORG, at(0));
    await store.createLock('default', 'uat', newLock(1));
    const second = await store.createLock('default', 'uat-too', newLock(2));
    expect(second).toMatchObject({ state: 'waiting', place: 1 });
    await store.releaseLock(nameOf(1), at(5));
    const renewed = await store.renewLock(
      { ...nameOf(2), alias: 'uat-too' },
      { ttlSeconds: null, at: at(6) },
    );
    expect(renewed).toMatchObject({ outcome: 'renewed', lock: { state: 'held', fence: 2 } });
  });

  test('lives as long as it is renewed, ends by time, and is never revived', async () => {
    const { store } = await storeWithOrg();
    await store.createLock('default', 'uat', newLock(1));
    await store.accept(newOperation(2), null);
    const renewed = await store.renewLock(nameOf(1), { ttlSeconds: 100, at: at(50) });
    expect(renewed).toMatchObject({ lock: { expiresAt: at(150), ttlSeconds: 100 } });
    expect(await store.expireLocks(at(149))).toEqual({ expired: 0, nextAt: at(150) });
    expect(await store.expireLocks(at(150))).toEqual({ expired: 1, nextAt: null });
    expect(await store.renewLock(nameOf(1), { ttlSeconds: null, at: at(151) })).toEqual({ outcome: 'ended' });
    expect(await store.releaseLock(nameOf(1), at(152))).toBe('ended');
    expect(await claimed(store)).toBe(operationId(2));
  });

  test('that comes to be renewed after its time has ended, whether or not anybody noticed', async () => {
    const { store } = await storeWithOrg();
    await store.createLock('default', 'uat', newLock(1));
    await store.accept(newOperation(2), null);
    expect(await store.renewLock(nameOf(1), { ttlSeconds: null, at: at(61) })).toEqual({ outcome: 'ended' });
    expect(await claimed(store)).toBe(operationId(2));
  });

  test('ends its time after the clock was set back a day, unless it is renewed', async () => {
    const day = 86_400;
    const { store } = await storeWithOrg();
    await store.createLock('default', 'uat', newLock(1, { at: at(day) }));
    expect(await store.expireLocks(at(0), true)).toEqual({ expired: 0, nextAt: at(60) });
    expect(await store.renewLock(nameOf(1), { ttlSeconds: null, at: at(30) })).toMatchObject({
      lock: { expiresAt: at(90), fence: 1 },
    });
    expect(await store.expireLocks(at(90))).toMatchObject({ expired: 1 });
  });

  test('that waits and is not renewed ends as well', async () => {
    const { store } = await storeWithOrg();
    await store.accept(newOperation(1), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.createLock('default', 'uat', newLock(2));
    expect((await store.expireLocks(at(62))).expired).toBe(1);
    await store.settle(operationId(1), 1, { to: 'succeeded', result: {} }, at(63));
    await store.accept(newOperation(3), null);
    expect(await claimed(store)).toBe(operationId(3));
  });

  test('is kept, with its number, when the server comes back', async () => {
    const { store, file } = await storeWithOrg();
    await store.createLock('default', 'uat', newLock(1));
    await store.close();
    const again = (await storeWithOrg(file)).store;
    await again.accept(newOperation(2), null);
    expect(await claimed(again)).toBeNull();
    await again.expireLocks(at(61));
    expect(await again.createLock('default', 'uat', newLock(99))).toMatchObject({ state: 'waiting' });
    expect(await claimed(again)).toBe(operationId(2));
  });

  test('is not granted while its lane is paused', async () => {
    const { store } = await storeWithOrg();
    await store.pauseLane('default', 'uat', { by: 'ann', reason: null, at: at(0) });
    expect(await store.createLock('default', 'uat', newLock(1))).toMatchObject({ state: 'waiting' });
    await store.resumeLane('default', 'uat');
    expect(await stateOf(store, 1)).toBe('held');
  });

  test('is not granted after an indeterminate end before somebody has looked', async () => {
    const { store } = await storeWithOrg();
    await store.accept(newOperation(1), null);
    expect(await claimed(store)).toBe(operationId(1));
    await store.createLock('default', 'uat', newLock(2));
    await store.settle(operationId(1), 1, { to: 'indeterminate', error: ERROR, result: null }, at(5));
    expect(await stateOf(store, 2)).toBe('waiting');
    const resolution = { as: 'failed', note: 'n', by: 'ann', at: at(6) } as const;
    await store.resolve('default', operationId(1), resolution);
    expect(await stateOf(store, 2)).toBe('held');
  });

  test('belongs to a known org of its tenant', async () => {
    const { store } = await storeWithOrg();
    expect(await store.createLock('default', 'nowhere', newLock(1))).toBeNull();
    await store.createLock('default', 'uat', newLock(1));
    const renewal = { ttlSeconds: null, at: at(2) };
    for (const name of [{ ...nameOf(1), tenant: 'other' }, { ...nameOf(1), alias: 'else' }, nameOf(2)]) {
      expect(await store.renewLock(name, renewal)).toEqual({ outcome: 'unknown' });
      expect(await store.releaseLock(name, at(3))).toBe('unknown');
    }
  });
});
