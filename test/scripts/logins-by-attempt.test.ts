import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countLogins, type LoginsByAttempt } from '../../scripts/logins/logins-by-attempt.ts';
import { LOGIN_IN_USE } from '../../src/contract/worker-protocol.ts';

let home: string;
let logins: LoginsByAttempt;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sfp-in-use-'));
  const paths = { work: join(home, 'work'), database: join(home, 'operations.db') };
  const db = new BetterSqlite3(paths.database);
  db.exec('CREATE TABLE workers (operation TEXT, attempt INTEGER, marker TEXT)');
  const insert = db.prepare('INSERT INTO workers VALUES (?, ?, ?)');
  for (const [operation, attempt, marker] of [
    ['op_one', 1, 'w_1:standby'],
    ['op_one', 2, 'w_2:task'],
    ['op_two', 1, 'w_3:task'],
  ] as const) {
    insert.run(operation, attempt, marker);
    mkdirSync(join(paths.work, marker.split(':')[0] ?? ''), { recursive: true });
  }
  db.close();
  logins = countLogins(() => paths);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function logIn(...workspaces: readonly string[]): void {
  const files = workspaces.map((name) => join(home, 'work', name, LOGIN_IN_USE));
  for (const file of files) writeFileSync(file, '');
  logins.given();
  for (const file of files) rmSync(file);
}

test('one login of each attempt is as it should be', () => {
  logIn('w_1');
  logIn('w_2');
  logIn('w_3');
  expect(logins.beyond()).toEqual([]);
});

test('an attempt that logs in twice is named, though another one never did', () => {
  logIn('w_1');
  logIn('w_2');
  logIn('w_2');
  expect(logins.beyond()).toEqual(['op_one, attempt 2: 2 logins']);
});

test('a login that nobody can be said to have asked for is named too', () => {
  logIn();
  logIn('w_1', 'w_3');
  expect(logins.beyond()).toEqual(['no attempt that is known: 2 logins']);
});
