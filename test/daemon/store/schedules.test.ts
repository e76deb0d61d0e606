import type { Database } from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { TICK_OUTCOMES } from '../../../src/contract/schedule.ts';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { createGroupCommit } from '../../../src/daemon/store/group-commit.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import type { NewTick, RecordedTick } from '../../../src/daemon/store/schedule-port.ts';
import { TICKS_KEPT } from '../../../src/daemon/store/schedules.ts';
import { openBroken } from './broken-sql.ts';
import { at, freshStore, look, newOperation, operationId } from './home.ts';

const NIGHTLY = { tenant: 'default', name: 'nightly', cron: '0 2 * * *', timeZone: 'UTC' };

function tickAt(seconds: number, changes: Partial<NewTick> = {}): NewTick {
  return {
    tenant: 'default',
    schedule: 'nightly',
    tick: at(seconds),
    outcome: 'created',
    overlap: 'skip',
    detail: null,
    ...changes,
  };
}

async function declared(): Promise<{ store: Store; file: string }> {
  const fresh = await freshStore();
  await fresh.store.keepSchedules([NIGHTLY], at(0));
  return fresh;
}

describe('a tick', () => {
  test('is kept together with its operation', async () => {
    const { store } = await declared();
    expect(await store.recordTick(tickAt(1), newOperation(1))).toEqual({
      outcome: 'created',
      operation: operationId(1),
      detail: null,
    });
    expect(await store.lastOfSchedule('default', 'nightly')).toEqual({
      run: { tick: at(1), outcome: 'created', detail: null },
      operation: { id: operationId(1), state: 'queued', tick: at(1) },
    });
  });

  test('makes one operation however often it comes, also after the file was opened again', async () => {
    const { store, file } = await declared();
    const all = [1, 2, 3].map((number) =>
      store.recordTick(tickAt(1, { overlap: 'queue' }), newOperation(number)),
    );
    expect((await Promise.all(all)).map(({ outcome }) => outcome)).toEqual([
      'created',
      'repeated',
      'repeated',
    ]);
    await store.close();
    const again = await openStore({ file });
    try {
      const repeated = await again.recordTick(tickAt(1, { overlap: 'queue' }), newOperation(4));
      expect(repeated.outcome).toBe('repeated');
      expect((await again.counts('default')).queued).toBe(1);
    } finally {
      await again.close();
    }
  });

  test('that nobody looks up is found', () => {
    const lookup = 'SELECT 1 AS one FROM ticks WHERE';
    expect(outcomesOfOneTick(openDatabase(':memory:'))).toEqual(['created', 'repeated']);
    expect(outcomesOfOneTick(openBroken({ from: lookup, to: `${lookup} 0 AND` }))).not.toEqual([
      'created',
      'repeated',
    ]);
  });

  test('whose operation cannot be kept is not recorded', async () => {
    const { store } = await declared();
    await store.accept(newOperation(1), null);
    await expect(store.recordTick(tickAt(1), newOperation(1))).rejects.toThrow('UNIQUE');
    expect((await store.recordTick(tickAt(1, { overlap: 'queue' }), newOperation(2))).outcome).toBe(
      'created',
    );
  });

  test('makes none while an earlier operation has not ended, and says which', async () => {
    const { store } = await declared();
    await store.recordTick(tickAt(1), newOperation(1));
    const second = await store.recordTick(tickAt(2), newOperation(2));
    expect(second).toMatchObject({ outcome: 'overlapped', operation: null });
    expect(second.detail).toContain(operationId(1));
    await store.requestCancel('default', operationId(1), null, at(3));
    expect((await store.recordTick(tickAt(3), newOperation(3))).outcome).toBe('created');
  });

  test('looks past a skipped one to the operation that has not ended', async () => {
    const { store } = await declared();
    await store.recordTick(tickAt(1), newOperation(1));
    await store.recordTick(tickAt(2), newOperation(2));
    expect((await store.recordTick(tickAt(3), newOperation(3))).outcome).toBe('overlapped');
  });

  test('queues another operation where that is wanted', async () => {
    const { store } = await declared();
    await store.recordTick(tickAt(1, { overlap: 'queue' }), newOperation(1));
    expect((await store.recordTick(tickAt(2, { overlap: 'queue' }), newOperation(2))).outcome).toBe(
      'created',
    );
  });

  test('is known for a thousand later ones, and no more are kept', async () => {
    const { store, file } = await declared();
    const refused = Array.from({ length: TICKS_KEPT + 5 }, (_, index) =>
      store.recordTick(tickAt(index + 1, { outcome: 'refused' }), null),
    );
    await Promise.all(refused);
    const count = look(file).prepare('SELECT count(*) AS n, min(tick) AS first FROM ticks').get();
    expect(count).toEqual({ n: TICKS_KEPT, first: at(6) });
  });
});

describe('a schedule', () => {
  test('that is new is settled up to now, and stays so while it is declared', async () => {
    const { store } = await declared();
    const state = { tenant: 'default', name: 'nightly', settledUpTo: at(0) };
    expect(await store.keepSchedules([NIGHTLY], at(50))).toEqual([state]);
    await store.recordTick(tickAt(60), null);
    expect(await store.keepSchedules([NIGHTLY], at(90))).toEqual([{ ...state, settledUpTo: at(60) }]);
  });

  test('that comes at other times is settled up to now, and its ticks stay known', async () => {
    const { store } = await declared();
    await store.recordTick(tickAt(1), newOperation(1));
    const [state] = await store.keepSchedules([{ ...NIGHTLY, timeZone: 'Europe/Berlin' }], at(70));
    expect(state?.settledUpTo).toBe(at(70));
    expect((await store.recordTick(tickAt(1), newOperation(2))).outcome).toBe('repeated');
  });

  test('that is gone is forgotten, and its operations are not', async () => {
    const { store } = await declared();
    await store.recordTick(tickAt(1), newOperation(1));
    expect(await store.keepSchedules([], at(2))).toEqual([]);
    expect(await store.lastOfSchedule('default', 'nightly')).toEqual({ run: null, operation: null });
    expect((await store.getOperation('default', operationId(1)))?.state).toBe('queued');
  });
});

test('the database takes the outcomes of the contract and no others', async () => {
  const { file } = await freshStore();
  const { sql } = look(file).prepare("SELECT sql FROM sqlite_master WHERE name = 'ticks'").get() as {
    sql: string;
  };
  const words = Object.keys(TICK_OUTCOMES).map((word) => `'${word}'`);
  expect(sql).toContain(`outcome IN (${words.join(', ')})`);
});

/** A tick that comes twice; null: it could not be kept. */
function outcomesOfOneTick(db: Database): readonly unknown[] {
  const commit = createGroupCommit(db, createEngine(db));
  commit([{ id: 0, verb: 'keepSchedules', args: [[NIGHTLY], at(0)] }]);
  const twice = [1, 2].map((id) => ({
    id,
    verb: 'recordTick' as const,
    args: [tickAt(1, { overlap: 'queue' }), newOperation(id)],
  }));
  const { answers } = commit(twice);
  return answers.map((answer) => ('value' in answer ? (answer.value as RecordedTick).outcome : null));
}
