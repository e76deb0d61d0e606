import type { Database } from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';

/** One statement of the store with something else in its place. */
export interface BrokenSql {
  readonly from: string;
  readonly to: string;
}

/** A fresh database whose statements are broken as they are prepared; the test fails when none holds what is to be broken. */
export function openBroken({ from, to }: BrokenSql): Database {
  const db = openDatabase(':memory:');
  const prepare = db.prepare.bind(db) as (sql: string) => unknown;
  let met = false;
  const prepareBroken = (sql: string): unknown => {
    met ||= sql.includes(from);
    return prepare(sql.replaceAll(from, to));
  };
  db.prepare = prepareBroken as Database['prepare'];
  onTestFinished(() => expect(met, `the store says "${from}" nowhere`).toBe(true));
  return db;
}
