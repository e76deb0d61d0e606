import { encodeTime } from 'ulid';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RETENTION } from '../../../src/contract/retention.ts';
import type { NewOperation, Store } from '../../../src/daemon/store/port.ts';
import { at, ERROR, freshStore, look, newOperation, ORG, operationId } from './home.ts';

const DAY = 86_400;

/** As the server makes them: they begin with their time. */
function idAt(seconds: number, number: number): string {
  return `op_${encodeTime(Date.parse(at(seconds)), 10)}${String(number).padStart(16, '0')}`;
}

/** Asked for at a moment of the clock, right or wrong. */
function askedAt(seconds: number, number: number, changes: Partial<NewOperation> = {}): NewOperation {
  return newOperation(number, { id: idAt(seconds, number), createdAt: at(seconds), ...changes });
}

const RULES = { concurrency: {}, closed: {}, pools: { ci: ['uat'] } };

/** What starts, one after the other, until nothing may. */
async function startedIn(store: Store, seconds: number): Promise<readonly string[]> {
  const started: string[] = [];
  const now = at(seconds);
  for (let claim = await store.claim(now, RULES); claim !== null; claim = await store.claim(now, RULES)) {
    const { id, attempt } = claim.operation;
    started.push(id);
    await store.settle(id, attempt, { to: 'succeeded', result: {} }, now);
  }
  return started;
}

describe('work that was asked for while the clock was a day ahead', () => {
  test.each([
    ['of a lane', {}],
    ['without a lane', { org: null, lane: null }],
    ['of a pool', { org: null, lane: null, pool: { name: 'ci', mode: 'exclusive' } }],
  ] as const)('%s starts before what is asked for after the clock was set right', async (_what, place) => {
    const { store } = await freshStore();
    await store.putOrg('default', 'uat', ORG, at(0));
    await store.accept(askedAt(0, 1, place), null);
    await store.accept(askedAt(DAY, 2, place), null);
    await store.accept(askedAt(DAY + 1, 3, place), null);
    expect(await store.promoteDue(at(10), true)).toEqual({ promoted: 0, nextAt: null });
    await store.accept(askedAt(11, 4, place), null);
    expect(await startedIn(store, 12)).toEqual([idAt(0, 1), idAt(DAY, 2), idAt(DAY + 1, 3), idAt(11, 4)]);
  });

  test('starts before what is asked for later elsewhere, too', async () => {
    const { store } = await freshStore();
    await store.accept(askedAt(DAY, 1), null);
    await store.promoteDue(at(10), true);
    await store.accept(askedAt(11, 2, { org: null, lane: null }), null);
    expect(await startedIn(store, 12)).toEqual([idAt(DAY, 1), idAt(11, 2)]);
  });

  test('keeps its head start, and its handicap', async () => {
    const { store } = await freshStore();
    await store.accept(askedAt(DAY, 1, { priority: 'batch' }), null);
    await store.accept(askedAt(DAY, 2, { priority: 'critical' }), null);
    await store.promoteDue(at(10), true);
    await store.accept(askedAt(11, 3), null);
    await store.accept(askedAt(3_611, 4), null);
    expect(await startedIn(store, 4_000)).toEqual([idAt(DAY, 2), idAt(11, 3), idAt(DAY, 1), idAt(3_611, 4)]);
  });

  test('stands where it belongs also when it ran meanwhile and is tried again', async () => {
    const { store } = await freshStore();
    await store.accept(askedAt(DAY, 1), null);
    await store.claim(at(DAY));
    await store.promoteDue(at(10), true);
    await store.accept(askedAt(11, 2), null);
    await store.settle(idAt(DAY, 1), 1, { to: 'queued', reason: 'lost', error: ERROR }, at(12));
    expect(await startedIn(store, 13)).toEqual([idAt(DAY, 1), idAt(11, 2)]);
  });

  test('waits for the time that somebody chose', async () => {
    const { store } = await freshStore();
    await store.accept(askedAt(DAY, 1, { scheduledFor: at(2 * DAY) }), null);
    await store.promoteDue(at(10), true);
    await store.promoteDue(at(2 * DAY));
    await store.accept(askedAt(2 * DAY - 1, 2), null);
    expect(await startedIn(store, 2 * DAY)).toEqual([idAt(2 * DAY - 1, 2), idAt(DAY, 1)]);
  });

  test('is mended a thousand at a time', async () => {
    const { store, file } = await freshStore();
    const numbers = Array.from({ length: 1_001 }, (_, index) => index + 1);
    await Promise.all(numbers.map((number) => store.accept(askedAt(DAY, number), null)));
    const ahead = look(file).prepare('SELECT count(*) FROM operations WHERE rank > ?').pluck();
    expect(await store.promoteDue(at(10), true)).toEqual({ promoted: 0, nextAt: at(10) });
    expect(ahead.get(Date.parse(at(10)))).toBe(1);
    expect(await store.promoteDue(at(10), true)).toEqual({ promoted: 0, nextAt: null });
    expect(ahead.get(Date.parse(at(10)))).toBe(0);
  });
});

test('a lock that was taken while the clock was ahead comes before work of after it was set right', async () => {
  const { store } = await freshStore();
  await store.putOrg('default', 'uat', ORG, at(0));
  await store.accept(askedAt(0, 1), null);
  await store.claim(at(1));
  const lock = { id: `lk_${'0'.repeat(26)}`, ttlSeconds: 3_600, note: null, by: 'ann', at: at(DAY) };
  expect(await store.createLock('default', 'uat', lock)).toMatchObject({ state: 'waiting' });
  await store.expireLocks(at(10), true);
  await store.accept(askedAt(11, 2), null);
  await store.settle(idAt(0, 1), 1, { to: 'succeeded', result: {} }, at(12));
  expect(await store.claim(at(12))).toBeNull();
  expect((await store.getOperation('default', idAt(11, 2)))?.waitingFor).toMatchObject({ reason: 'lock' });
});

describe('a back-off', () => {
  const later = { to: 'scheduled', at: at(300), reason: 'lost', error: ERROR } as const;

  test('ends early where the clock is set forward', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2));
    await store.settle(operationId(1), 1, later, at(3));
    expect(await store.promoteDue(at(4))).toEqual({ promoted: 0, nextAt: at(300) });
    expect(await store.promoteDue(at(DAY))).toEqual({ promoted: 1, nextAt: null });
  });

  test('of more than a thousand operations ends for all of them where the clock was set back', async () => {
    const { store } = await freshStore();
    const numbers = Array.from({ length: 1_001 }, (_, index) => index + 1);
    const far = { ...later, at: at(DAY + 2) };
    const free = { org: null, lane: null };
    await Promise.all(numbers.map((number) => store.accept(newOperation(number, free), null)));
    await Promise.all(numbers.map(() => store.claim(at(DAY))));
    await Promise.all(numbers.map((number) => store.settle(operationId(number), 1, far, at(DAY))));
    expect(await store.promoteDue(at(0), true)).toEqual({ promoted: 1_000, nextAt: at(0) });
    expect(await store.promoteDue(at(0), true)).toEqual({ promoted: 1, nextAt: null });
  });
});

describe('an idempotency key', () => {
  const claim = { token: 'control', key: 'k', digest: 'd', expiresAt: at(DAY) };

  test('ends early where the clock is set forward, and holds again where it is set right before it was forgotten', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), claim);
    expect(await store.findReplay('default', claim, at(DAY - 1))).toMatchObject({ outcome: 'replayed' });
    expect(await store.findReplay('default', claim, at(DAY))).toBeNull();
    expect(await store.accept(newOperation(2, { createdAt: at(10) }), claim)).toMatchObject({
      outcome: 'replayed',
      operation: { id: operationId(1) },
    });
  });

  test('lasts as much longer where the clock is set back', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { createdAt: at(DAY) }), { ...claim, expiresAt: at(2 * DAY) });
    expect(await store.findReplay('default', claim, at(1))).toMatchObject({ outcome: 'replayed' });
    expect(await store.findReplay('default', claim, at(2 * DAY - 1))).toMatchObject({ outcome: 'replayed' });
    expect(await store.findReplay('default', claim, at(2 * DAY))).toBeNull();
  });
});

describe('what is kept for days', () => {
  const { logs: _logs, artifacts: _artifacts, ...limits } = DEFAULT_RETENTION;

  /** Whether an operation that ended by one clock is still there after a sweep by another. */
  async function isKept(endedAt: number, sweptAt: number): Promise<boolean> {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(endedAt));
    await store.settle(operationId(1), 1, { to: 'cancelled', result: null }, at(endedAt));
    const plan = await store.planRetention(
      { ...limits, operations: { days: 10, atMost: 1_000 } },
      at(sweptAt),
    );
    while (await store.pruneEvents(plan));
    await store.pruneOperations(plan, null, at(sweptAt));
    return (await store.getOperation('default', operationId(1))) !== null;
  }

  test('goes early where the clock is set forward', async () => {
    expect(await isKept(2, 9 * DAY)).toBe(true);
    expect(await isKept(2, 100 * DAY)).toBe(false);
  });

  test('stays as much longer where the clock is set back', async () => {
    expect(await isKept(90 * DAY, 11 * DAY)).toBe(true);
    expect(await isKept(90 * DAY, 101 * DAY)).toBe(false);
  });
});
