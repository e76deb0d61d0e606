import type { Database } from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { openBroken } from './broken-sql.ts';
import { at, freshStore, newOperation, operationId, shared } from './home.ts';

const HOUR = 3_600;

async function claimed(store: Store, seconds = 1_000, concurrency = {}): Promise<number | null> {
  const claim = await store.claim(at(seconds), { concurrency, closed: {}, pools: {} });
  return claim === null ? null : Number(claim.operation.id.slice(3));
}

async function succeed(store: Store, number: number, attempt = 1): Promise<void> {
  const settled = await store.settle(
    operationId(number),
    attempt,
    { to: 'succeeded', result: {} },
    at(2_000),
  );
  expect(settled?.state).toBe('succeeded');
}

async function waitingFor(store: Store, number: number): Promise<unknown> {
  return (await store.getOperation('default', operationId(number)))?.waitingFor;
}

describe('a lane', () => {
  test('lets one exclusive operation run alone, in order', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2, 3]) await store.accept(newOperation(number), null);
    expect(await claimed(store)).toBe(1);
    expect(await claimed(store)).toBeNull();
    await succeed(store, 1);
    expect(await claimed(store)).toBe(2);
    expect(await claimed(store)).toBeNull();
  });

  test('gives a claim to one of many that ask at the same time', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2, 3]) await store.accept(newOperation(number), null);
    const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim(at(10))));
    expect(claims.filter((claim) => claim !== null).map((claim) => claim.operation.id)).toEqual([
      operationId(1),
    ]);
  });

  test('lets shared operations run beside each other up to the limit of their org', async () => {
    const { store } = await freshStore();
    for (let number = 1; number <= 7; number += 1)
      await store.accept(newOperation(number, { lane: shared }), null);
    for (const number of [1, 2, 3, 4]) expect(await claimed(store)).toBe(number);
    expect(await claimed(store)).toBeNull();
    expect(await claimed(store, 1_000, { uat: 5 })).toBe(5);
    expect(await claimed(store, 1_000, { uat: 5 })).toBeNull();
    expect(await waitingFor(store, 6)).toEqual({ reason: 'org', operation: operationId(1), place: 1 });
  });

  test('lets nothing pass a waiting exclusive operation', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { lane: shared }), null);
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3, { lane: shared }), null);
    expect(await claimed(store)).toBe(1);
    expect(await claimed(store)).toBeNull();
    await succeed(store, 1);
    expect(await claimed(store)).toBe(2);
    expect(await claimed(store)).toBeNull();
    await succeed(store, 2);
    expect(await claimed(store)).toBe(3);
  });

  test('belongs to an organisation of a tenant, whatever the alias', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { org: 'uat-too' }), null);
    await store.accept(newOperation(3, { tenant: 'other' }), null);
    await store.accept(
      newOperation(4, { lane: { organisation: '00D000000000002AAA', mode: 'exclusive' } }),
      null,
    );
    expect([await claimed(store), await claimed(store), await claimed(store), await claimed(store)]).toEqual([
      1,
      3,
      4,
      null,
    ]);
  });

  test('does not hold what needs no org', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { org: null, lane: null }), null);
    await store.accept(newOperation(3, { org: null, lane: null }), null);
    expect([await claimed(store), await claimed(store), await claimed(store)]).toEqual([1, 2, 3]);
  });

  test('is ordered by priority, and waiting work ages', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { priority: 'batch' }), null);
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3, { priority: 'critical' }), null);
    // an hour and more later: the batch operation has waited longer than its handicap
    await store.accept(newOperation(4, { createdAt: at(HOUR + 2) }), null);
    await store.accept(newOperation(5, { priority: 'critical', createdAt: at(HOUR * 2 + 2) }), null);
    const order: (number | null)[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const number = await claimed(store);
      order.push(number);
      if (number !== null) await succeed(store, number);
    }
    expect(order).toEqual([3, 2, 1, 4, 5]);
  });

  test('breaks ties by id', async () => {
    const { store } = await freshStore();
    for (const number of [2, 3, 1]) await store.accept(newOperation(number, { createdAt: at(5) }), null);
    expect(await claimed(store)).toBe(1);
  });

  test('keeps the rank of an operation that is tried again', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2]) await store.accept(newOperation(number), null);
    expect(await claimed(store)).toBe(1);
    await store.settle(
      operationId(1),
      1,
      { to: 'scheduled', at: at(60), reason: 'worker lost', error: null },
      at(50),
    );
    expect(await waitingFor(store, 1)).toEqual({ reason: 'retry', until: at(60) });
    await store.promoteDue(at(60));
    expect(await claimed(store)).toBe(1);
  });
});

describe('an exclusive operation in back-off', () => {
  const backOff = { to: 'scheduled', at: at(60), reason: 'worker lost', error: null } as const;

  test('keeps its place: nothing behind it starts, and says so', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3, { lane: shared }), null);
    expect(await claimed(store)).toBe(1);
    await store.settle(operationId(1), 1, backOff, at(50));
    expect(await claimed(store)).toBeNull();
    expect(await waitingFor(store, 2)).toEqual({ reason: 'org', operation: operationId(1), place: 2 });
    expect(await waitingFor(store, 3)).toEqual({ reason: 'org', operation: operationId(1), place: 3 });
    await store.promoteDue(at(60));
    expect(await claimed(store)).toBe(1);
  });

  test('lets what is more urgent go first', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    expect(await claimed(store)).toBe(1);
    await store.settle(operationId(1), 1, backOff, at(50));
    await store.accept(newOperation(2, { priority: 'critical' }), null);
    await store.accept(newOperation(3), null);
    expect(await claimed(store)).toBe(2);
    await succeed(store, 2);
    expect(await claimed(store)).toBeNull();
  });

  test.each([
    ['in back-off', backOff],
    ['queued again', { to: 'queued', reason: 'the server stopped', error: null }],
  ] as const)(
    'that may have something going on in the org and is %s comes before everything',
    async (_what, settlement) => {
      const { store } = await freshStore();
      await store.accept(newOperation(1), null);
      expect(await claimed(store)).toBe(1);
      await store.recordCheckpoint(operationId(1), 1, { intent: true }, at(40));
      await store.settle(operationId(1), 1, settlement, at(50));
      await store.accept(newOperation(2, { priority: 'critical' }), null);
      expect(await waitingFor(store, 2)).toEqual({ reason: 'org', operation: operationId(1), place: 2 });
      await store.promoteDue(at(60));
      expect(await claimed(store)).toBe(1);
      expect(await claimed(store)).toBeNull();
    },
  );

  test('frees its lane when it is cancelled', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2]) await store.accept(newOperation(number), null);
    expect(await claimed(store)).toBe(1);
    await store.settle(operationId(1), 1, backOff, at(50));
    await store.requestCancel('default', operationId(1), 'ann', at(51));
    expect(await claimed(store)).toBe(2);
  });

  test('is not what a shared one is: that holds nobody back', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { lane: shared }), null);
    await store.accept(newOperation(2), null);
    expect(await claimed(store)).toBe(1);
    await store.settle(operationId(1), 1, backOff, at(50));
    expect(await claimed(store)).toBe(2);
  });
});

describe('waitingFor', () => {
  test('that counts nothing ahead is found', () => {
    const second = { reason: 'org', operation: operationId(1), place: 2 };
    expect(waitingOfSecond(openDatabase(':memory:'))).toEqual(second);
    const from = 'SELECT count(*) AS ahead, coalesce';
    expect(waitingOfSecond(openBroken({ from, to: 'SELECT 0 AS ahead, coalesce' }))).not.toEqual(second);
  });

  test('names what holds the lane, and the place', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2, 3]) await store.accept(newOperation(number), null);
    expect(await waitingFor(store, 1)).toEqual({ reason: 'capacity' });
    expect(await waitingFor(store, 3)).toEqual({ reason: 'org', operation: operationId(1), place: 3 });
    await store.claim(at(9));
    expect(await waitingFor(store, 1)).toBeNull();
    expect(await waitingFor(store, 2)).toEqual({ reason: 'org', operation: operationId(1), place: 1 });
    expect(await waitingFor(store, 3)).toEqual({ reason: 'org', operation: operationId(1), place: 2 });
  });

  test('says capacity while a lane is free and there is no place', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2]) await store.accept(newOperation(number, { lane: shared }), null);
    await store.claim(at(9));
    expect(await waitingFor(store, 2)).toEqual({ reason: 'capacity' });
    await store.accept(newOperation(3), null);
    await store.accept(newOperation(4, { lane: shared }), null);
    expect(await waitingFor(store, 4)).toEqual({ reason: 'org', operation: operationId(1), place: 3 });
    await store.accept(newOperation(5, { org: null, lane: null }), null);
    expect(await waitingFor(store, 5)).toEqual({ reason: 'capacity' });
  });

  test('counts no place far back in a long lane', async () => {
    const { store } = await freshStore();
    await Promise.all(Array.from({ length: 110 }, (_, index) => store.accept(newOperation(index + 1), null)));
    expect(await waitingFor(store, 100)).toMatchObject({ place: 100 });
    expect(await waitingFor(store, 105)).toEqual({ reason: 'org', operation: operationId(1) });
  });
});

function waitingOfSecond(db: Database): unknown {
  const { accept, getOperation } = createEngine(db).verbs;
  for (const number of [1, 2]) accept(newOperation(number), null);
  return getOperation('default', operationId(2))?.waitingFor;
}
