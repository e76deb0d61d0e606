import type { Database } from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { listSql } from '../../../src/daemon/store/list-operations.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import type { OperationFilter } from '../../../src/daemon/store/port.ts';
import { temporaryFile } from './home.ts';

const ALL: OperationFilter = {
  tenant: 'default',
  states: null,
  org: null,
  task: null,
  label: null,
  limit: 50,
  cursor: null,
};

/** Tables of one row or of few by configuration, and what SQLite makes itself out of a page or less. */
const SMALL =
  /^SCAN (meta|sqlite_sequence|schedules|\(subquery|CONSTANT|first\b|pragma_\w+|begun USING (COVERING )?INDEX operations_begun$|operations USING (COVERING )?INDEX operations_scheduled$)/;

describe('the plan of', () => {
  test('every statement of the engine finds its rows by an index and sorts nothing', () => {
    const db = database();
    const statements: string[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = ((sql: string) => {
      statements.push(sql);
      return prepare(sql);
    }) as typeof db.prepare;
    createEngine(db);
    db.prepare = prepare;
    expect(statements.length).toBeGreaterThan(40);
    const heavy = statements
      .map((sql) => ({ sql, steps: planOf(db, sql).filter(isHeavy) }))
      .filter(({ steps }) => steps.length > 0);
    expect(heavy).toEqual([]);
  });

  test('the walk from pool to pool steps over what waits in each', () => {
    const db = database();
    const statements: string[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = ((sql: string) => {
      statements.push(sql);
      return prepare(sql);
    }) as typeof db.prepare;
    createEngine(db);
    db.prepare = prepare;
    const walks = statements.filter((sql) =>
      /operations_in_pools\s+WHERE .*> \+@(pool|tenant) ORDER/.test(sql),
    );
    expect(walks.map((sql) => planOf(db, sql).join()).map((plan) => plan.match(/\(.*\)/)?.[0])).toEqual([
      '(tenant=? AND pool>?)',
      '(tenant>?)',
    ]);
  });

  test.each<[string, Partial<OperationFilter>, string]>([
    ['all', {}, 'operations_of_tenant (tenant=? AND id<?)'],
    ['an org', { org: 'uat' }, 'operations_by_org (tenant=? AND org=? AND id<?)'],
    ['a task', { task: 'salesforce.query' }, 'operations_by_task (tenant=? AND task=? AND id<?)'],
    ['states', { states: ['running', 'failed'] }, 'operations_by_state (tenant=? AND state=? AND id<?)'],
    [
      'a label',
      { label: { name: 'team', value: 'crm' } },
      'KEY (tenant=? AND name=? AND value=? AND operation<?)',
    ],
    [
      'everything',
      { org: 'uat', task: 't', states: ['failed'], label: { name: 'team', value: 'crm' } },
      'KEY (tenant=? AND name=? AND value=? AND operation<?)',
    ],
  ])('a list by %s goes back from its cursor', (_what, changes, access) => {
    const filter = { ...ALL, ...changes };
    const plan = planOf(database(), listSql(filter, filter.states ?? [null]));
    expect(plan.filter(isHeavy)).toEqual([]);
    expect(plan.join('\n')).toContain(access);
  });
});

/** Reads a table from end to end, sorts, or goes through all operations or events of a tenant. */
function isHeavy(step: string): boolean {
  // of what needs no lane only the first is read
  const wholeTenant = /INDEX (operations|events|deliveries)_(?!without_lane)\w+ \(tenant=\?\)$/.test(step);
  return (step.startsWith('SCAN') && !SMALL.test(step)) || step.includes('TEMP B-TREE') || wholeTenant;
}

function database(): Database {
  const db = openDatabase(temporaryFile());
  onTestFinished(() => void db.close());
  return db;
}

function planOf(db: Database, sql: string): string[] {
  const places = (sql.match(/\?/g) ?? []).map(() => 'x');
  const names = Object.fromEntries([...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, 'x']));
  const values = places.length > 0 ? places : Object.keys(names).length > 0 ? [names] : [];
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}
