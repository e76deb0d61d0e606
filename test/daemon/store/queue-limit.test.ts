import type { Database } from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { createGroupCommit } from '../../../src/daemon/store/group-commit.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { openBroken } from './broken-sql.ts';
import { at, freshStore, newDelivery, newOperation, operationId } from './home.ts';

const QUEUE = { limit: 3, limitPerTenant: 2 };
const limited = (number: number, changes = {}) => newOperation(number, { queue: QUEUE, ...changes });
const other = { tenant: 'other' };

describe('a full queue', () => {
  test('refuses the next, exactly, however many come at once, and writes nothing of it', async () => {
    const { store } = await freshStore();
    const wide = { queue: { limit: 3, limitPerTenant: 10 } };
    const asked = [1, 2, 3, 4, 5].map((number) => store.accept(limited(number, wide), null));
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(answers.at(-1)).toMatchObject({
      reason: {
        code: 'queue-full',
        status: 429,
        retryAfterSeconds: 60,
        message: expect.stringContaining('3'),
      },
    });
    expect(await store.counts(null)).toMatchObject({ queued: 3 });
    expect((await store.position()).seq).toBe(3);
  });

  test('of one tenant leaves room for another', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2]) await store.accept(limited(number), null);
    await expect(store.accept(limited(3), null)).rejects.toMatchObject({
      code: 'queue-full',
      message: expect.stringContaining('"default"'),
    });
    await store.accept(limited(4, other), null);
    await expect(store.accept(limited(5, other), null)).rejects.toMatchObject({ code: 'queue-full' });
  });

  test('has room again when one starts, and counts what waits for its time', async () => {
    const { store } = await freshStore();
    await store.accept(limited(1), null);
    await store.accept(limited(2, { scheduledFor: at(100) }), null);
    await expect(store.accept(limited(3), null)).rejects.toMatchObject({ code: 'queue-full' });
    await store.claim(at(3));
    await store.accept(limited(4), null);
  });

  test('takes another attempt of accepted work all the same', async () => {
    const { store } = await freshStore();
    await store.accept(limited(1), null);
    await store.claim(at(2));
    for (const number of [3, 4]) await store.accept(limited(number), null);
    const back = { to: 'queued', reason: 'lost', error: null } as const;
    expect(await store.settle(operationId(1), 1, back, at(5))).toMatchObject({ state: 'queued' });
  });

  test('takes what supersedes one that waits', async () => {
    const { store } = await freshStore();
    const supersede = { key: 'pr-1', running: 'keep' } as const;
    for (const number of [1, 2, 3]) await store.accept(limited(number, { supersede }), null);
    expect(await store.counts(null)).toMatchObject({ queued: 1 });
  });

  test('forgets a delivery that it could not take', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2]) await store.accept(limited(number), null);
    const deliver = () => store.acceptDelivery(newDelivery(1), [limited(3)]);
    await expect(deliver()).rejects.toMatchObject({ code: 'queue-full' });
    expect(await store.findDelivery('default', 'github', 'source-1', 'digest-1')).toBeNull();
    await store.claim(at(4));
    expect(await deliver()).toMatchObject({ repeated: false, delivery: { operations: [operationId(3)] } });
  });

  test('tells to come back after the time in which the last ten ended', async () => {
    const { store } = await freshStore();
    for (let number = 1; number <= 12; number += 1) await ended(store, number);
    for (const number of [21, 22]) await store.accept(limited(number), null);
    await expect(store.accept(limited(23), null)).rejects.toMatchObject({ retryAfterSeconds: 20 });
    const late = limited(24, { createdAt: at(10_000) });
    await expect(store.accept(late, null)).rejects.toMatchObject({ retryAfterSeconds: 300 });
  });
});

/** Of five that come in one group, where three may wait. */
describe('of five that share a commit', () => {
  test('three are taken, and nothing of the others is written', () => {
    expect(waitingOfFive(openDatabase(':memory:'))).toBe(3);
  });

  test.each([
    ['a limit that counts nothing', { from: 'SELECT meta.waiting AS "all"', to: 'SELECT 0 AS "all"' }],
    ['a refusal that stays written', { from: 'ROLLBACK TO request', to: 'SAVEPOINT another' }],
  ])('%s is found', (_name, broken) => {
    expect(waitingOfFive(openBroken(broken))).not.toBe(3);
  });
});

function waitingOfFive(db: Database): unknown {
  const commit = createGroupCommit(db, createEngine(db));
  const queue = { limit: 3, limitPerTenant: 10 };
  commit([1, 2, 3, 4, 5].map((id) => ({ id, verb: 'accept', args: [newOperation(id, { queue }), null] })));
  return db.prepare('SELECT count(*) FROM operations').pluck().get();
}

async function ended(store: Store, number: number): Promise<void> {
  await store.accept(newOperation(number), null);
  await store.claim(at(number));
  await store.settle(operationId(number), 1, { to: 'succeeded', result: {} }, at(number));
}
