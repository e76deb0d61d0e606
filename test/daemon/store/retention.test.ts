import { describe, expect, test } from 'vitest';
import { DEFAULT_RETENTION } from '../../../src/contract/retention.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import type { RetentionLimits } from '../../../src/daemon/store/retention-port.ts';
import { at, ERROR, freshStore, look, newDelivery, newOperation, operationId } from './home.ts';

const DAY = 86_400;
const { logs: _logs, ...DEFAULTS } = DEFAULT_RETENTION;
const LIMITS: RetentionLimits = { ...DEFAULTS, operations: { days: 10, atMost: 1_000 } };
const NO_LANE = { org: null, lane: null };

describe('retention', () => {
  test('removes an ended operation with all that is its own, and remembers how far the events went', async () => {
    const { store, file } = await freshStore();
    const claim = { token: 'control', key: 'k', digest: 'd', expiresAt: at(60) };
    await store.accept(newOperation(1, { labels: { team: 'crm' } }), claim);
    await end(store, 2);
    await store.accept(newOperation(9 * DAY), null);
    await end(store, 9 * DAY);
    await sweep(store, at(11 * DAY));
    expect(await store.getOperation('default', operationId(1))).toBeNull();
    expect(await store.getOperation('default', operationId(9 * DAY))).not.toBeNull();
    expect(await store.prunedUpTo()).toBe(3);
    const db = look(file);
    for (const table of ['events', 'labels', 'attempts', 'idempotency']) {
      const left = db.prepare(`SELECT count(*) AS n FROM ${table} WHERE operation = ?`).get(operationId(1));
      expect({ table, left }).toEqual({ table, left: { n: 0 } });
    }
    expect(db.pragma('foreign_key_check')).toEqual([]);
  });

  test('keeps an operation as long as its idempotency key holds', async () => {
    const { store } = await freshStore();
    const claim = { token: 'control', key: 'k', digest: 'd', expiresAt: at(20 * DAY) };
    await store.accept(newOperation(1), claim);
    await end(store, 2);
    await sweep(store, at(15 * DAY));
    expect(await store.findReplay('default', claim, at(15 * DAY))).toMatchObject({ outcome: 'replayed' });
    await sweep(store, at(21 * DAY));
    expect(await store.getOperation('default', operationId(1))).toBeNull();
  });

  test('keeps an operation that ended indeterminate until somebody has resolved it', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2));
    await store.settle(operationId(1), 1, { to: 'indeterminate', error: ERROR, result: null }, at(3));
    await sweep(store, at(100 * DAY));
    const resolution = { as: 'failed', note: 'looked', by: 'ann', at: at(100 * DAY) } as const;
    expect(await store.resolve('default', operationId(1), resolution)).not.toBeNull();
    await sweep(store, at(200 * DAY));
    expect(await store.getOperation('default', operationId(1))).toBeNull();
  });

  test('stops before the first event of an operation that has begun, and not before one that only waits', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { ...NO_LANE, scheduledFor: at(300 * DAY) }), null);
    await ended(store, 2);
    await store.accept(newOperation(3, NO_LANE), null);
    await store.claim(at(3));
    await ended(store, 4);
    const before = await events(store);
    await sweep(store, at(100 * DAY));
    const kept = await events(store);
    expect(kept[0]).toMatchObject({ operation: operationId(3), body: { type: 'created' } });
    expect(kept).toEqual(before.slice(-kept.length));
    expect(await store.getOperation('default', operationId(1))).toMatchObject({ state: 'scheduled' });
    expect(await store.getOperation('default', operationId(2))).toBeNull();
    expect(await store.getOperation('default', operationId(4))).not.toBeNull();
  });

  test('removes the oldest above the number of operations, with the events that speak of them', async () => {
    const { store } = await freshStore();
    for (let number = 1; number <= 104; number += 1) await ended(store, number);
    await sweep(store, at(200), { ...LIMITS, operations: { days: 10, atMost: 100 } });
    const left = await store.listOperations({
      tenant: 'default',
      states: null,
      org: null,
      task: null,
      label: null,
      limit: 200,
      cursor: null,
    });
    expect(left.items.map(({ id }) => id).at(-1)).toBe(operationId(5));
    expect(left.items).toHaveLength(100);
    expect(await store.prunedUpTo()).toBe(4 * 3);
  });

  test('removes the oldest events above their number, in batches, and hands no number out again', async () => {
    const { store } = await freshStore();
    for (let number = 1; number <= 220; number += 1) await ended(store, number);
    await sweep(store, at(300), { ...LIMITS, events: { days: 30, atMost: 100 } });
    expect(await events(store)).toHaveLength(100);
    expect(await store.prunedUpTo()).toBe(660 - 100);
    await store.accept(newOperation(301), null);
    expect(await store.position()).toMatchObject({ seq: 661 });
  });

  test.each<[string, Partial<RetentionLimits>]>([
    ['number', { events: { days: 30, atMost: 100 } }],
    ['size', { database: { atMostMegabytes: 16 } }],
  ])(
    'is bounded in %s also by one operation that never ends: still a prefix, and still remembered',
    async (_of, limit) => {
      const { store } = await freshStore();
      await store.accept(newOperation(1, { ...NO_LANE, tenant: 'other' }), null);
      await store.claim(at(1));
      const input = { text: 'x'.repeat(100_000) };
      for (let number = 2; number <= 200; number += 1) await ended(store, number, input);
      const before = await events(store);
      await sweep(store, at(300), { ...LIMITS, ...limit });
      const kept = await events(store);
      const pruned = await store.prunedUpTo();
      expect(pruned).toBeGreaterThan(2);
      expect(kept).toEqual(before.filter(({ seq }) => seq > pruned));
      expect(await store.getOperation('other', operationId(1))).toMatchObject({
        state: 'running',
        attempt: 1,
      });
      expect(await store.getOperation('default', operationId(2))).toEqual(
        'events' in limit ? expect.anything() : null,
      );
      if ('events' in limit) expect(kept).toHaveLength(100);
    },
  );

  test('removes events and operations of any age while the database is larger than it may be', async () => {
    const { store, file } = await freshStore();
    const input = { text: 'x'.repeat(200_000) };
    for (let number = 1; number <= 120; number += 1) await ended(store, number, input);
    await sweep(store, at(300), { ...LIMITS, database: { atMostMegabytes: 16 } });
    const db = look(file);
    const used =
      (Number(db.pragma('page_count', { simple: true })) -
        Number(db.pragma('freelist_count', { simple: true }))) *
      4_096;
    expect(used).toBeLessThan(17 * 1024 * 1024);
    expect(await store.getOperation('default', operationId(120))).not.toBeNull();
  });

  test('removes deliveries by age and number', async () => {
    const { store } = await freshStore();
    for (const number of [1, DAY, 2 * DAY]) await store.acceptDelivery(newDelivery(number), []);
    await sweep(store, at(1.5 * DAY), { ...LIMITS, deliveries: { days: 1, atMost: 100 } });
    const kept = await store.listDeliveries('default', 10, null);
    expect(kept.items.map(({ receivedAt }) => receivedAt)).toEqual([at(2 * DAY), at(DAY)]);
  });

  test('keeps a delivery whose operation went', async () => {
    const { store } = await freshStore();
    await store.acceptDelivery(newDelivery(1), [newOperation(1)]);
    await end(store, 2);
    await sweep(store, at(15 * DAY));
    expect(await store.findDelivery('default', 'github', 'source-1', 'digest-1')).toMatchObject({
      operations: [],
    });
  });
});

/** All of one sweep, as upkeep does it. */
async function sweep(store: Store, now: string, limits = LIMITS): Promise<void> {
  const plan = await store.planRetention(limits, now);
  while (await store.pruneEvents(plan));
  let place = await store.pruneOperations(plan, null, now);
  while (place !== null) place = await store.pruneOperations(plan, place, now);
  while (await store.pruneDeliveries(plan));
}

async function ended(store: Store, number: number, input = {}): Promise<void> {
  await store.accept(newOperation(number, { ...NO_LANE, input }), null);
  await end(store, number);
}

async function end(store: Store, second: number): Promise<void> {
  const claim = await store.claim(at(second));
  if (claim === null) throw new Error('nothing could be claimed');
  await store.settle(claim.operation.id, 1, { to: 'succeeded', result: {} }, at(second));
}

async function events(store: Store) {
  return store.listEvents({ tenant: 'default', operation: null, org: null, afterSeq: 0, limit: 10_000 });
}
