import { statSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { WAL_KEPT_BYTES, WAL_LIMIT_BYTES } from '../../../src/daemon/store/bound-wal.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { freshStore, newOperation } from './home.ts';

const GROUP_BYTES = 20 * 100_000;
/** What a few groups add while a busy machine lets a reader wait longer than the bound does; without a bound it is all 40. */
const SLACK_BYTES = 12 * GROUP_BYTES;

test('the WAL stays below its bound while much is written and one reader always follows another', async () => {
  const { store, file } = await freshStore();
  const stop = overlappingReaders(file);
  let most = 0;
  for (let group = 0; group < 40; group += 1) {
    await write(store, group);
    most = Math.max(most, walBytes(file));
  }
  stop();
  expect(most).toBeGreaterThan(WAL_KEPT_BYTES);
  expect(most).toBeLessThan(WAL_LIMIT_BYTES + SLACK_BYTES);
});

test('a WAL that grew because somebody read one state for long is cut again afterwards', async () => {
  const { store, file } = await freshStore();
  await write(store, 0);
  const reader = reading(file);
  for (let group = 1; group < 30; group += 1) await write(store, group);
  expect(walBytes(file)).toBeGreaterThan(WAL_LIMIT_BYTES);
  reader.close();
  for (let group = 30; group < 33; group += 1) await write(store, group);
  expect(walBytes(file)).toBeLessThanOrEqual(WAL_LIMIT_BYTES);
});

async function write(store: Store, group: number): Promise<void> {
  const input = { text: 'x'.repeat(100_000) };
  const numbers = Array.from({ length: 20 }, (_, index) => group * 20 + index + 1);
  await Promise.all(numbers.map((number) => store.accept(newOperation(number, { input, lane: null }), null)));
}

function reading(file: string) {
  const db = new BetterSqlite3(file, { readonly: true });
  const look = () => {
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM operations').get();
  };
  look();
  return {
    again() {
      db.exec('COMMIT');
      look();
    },
    close: () => db.close(),
  };
}

/** At no moment does nobody read. */
function overlappingReaders(file: string): () => void {
  const readers = [reading(file), reading(file)] as const;
  let turn = 0;
  const timer = setInterval(() => {
    readers[turn === 0 ? 0 : 1].again();
    turn = 1 - turn;
  }, 2);
  const stop = () => clearInterval(timer);
  onTestFinished(() => {
    stop();
    for (const reader of readers) reader.close();
  });
  return stop;
}

function walBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
