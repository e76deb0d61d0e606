import type { Database } from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { DEFAULT_LANE_CONCURRENCY, type LaneRules } from '../../../src/daemon/store/lane-rules.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import { openBroken } from './broken-sql.ts';
import { at, newOperation, operationId } from './home.ts';

const ORGS = ['ci1', 'ci2', 'ci3'] as const;
type Alias = (typeof ORGS)[number];
/** Two pools that have an org in common. */
const POOLS: Readonly<Record<string, readonly Alias[]>> = { ci: ['ci1', 'ci2'], any: ['ci3', 'ci2'] };

interface Row {
  readonly id: string;
  readonly rank: number;
  readonly org: Alias | null;
  readonly pool: string | null;
  readonly mode: 'exclusive' | 'shared';
  readonly state: string;
  readonly override_window: string | null;
}

const wanted = fc.record({
  where: fc.constantFrom('ci1', 'ci2', 'ci3', 'ci', 'ci', 'any'),
  mode: fc.constantFrom('exclusive' as const, 'shared' as const),
  overrideWindow: fc.constantFrom(null, null, null, 'a hotfix'),
  priority: fc.constantFrom('critical' as const, 'normal' as const, 'batch' as const),
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ claim: fc.subarray([...ORGS]), calm: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ end: fc.nat(20) }) },
);

const RUNS = { numRuns: 150 };

test('work of a pool starts in the first org that is free, passes nothing that waits there, and is passed by nothing', () => {
  fc.assert(
    keepsItsPlace(() => openDatabase(':memory:')),
    RUNS,
  );
});

test('a pool whose last comes first is found', () => {
  const lastFirst = {
    from: 'ORDER BY pool, rank, id LIMIT 1',
    to: 'ORDER BY pool, rank DESC, id DESC LIMIT 1',
  };
  const checked = fc.check(
    keepsItsPlace(() => openBroken(lastFirst)),
    { ...RUNS, endOnFailure: true },
  );
  expect(checked.failed).toBe(true);
});

function keepsItsPlace(open: () => Database) {
  const wishes = fc.array(wanted, { minLength: 1, maxLength: 25 });
  return fc.property(wishes, fc.array(step, { minLength: 1, maxLength: 50 }), (asked, steps) => {
    const db = open();
    const { verbs } = createEngine(db);
    for (const org of ORGS) verbs.putOrg('default', org, registration(org), at(0));
    for (const [index, wish] of asked.entries()) verbs.accept(operationOf(index + 1, wish), null);
    for (const one of steps) {
      if ('end' in one) {
        verbs.settle(operationId(one.end), 1, { to: 'succeeded', result: {} }, at(2_000));
        continue;
      }
      const closed = one.calm ? [] : one.claim;
      const expected = firstThatMayStart(rowsOf(db), closed);
      const claimed = verbs.claim(at(1_000), rulesOf(closed))?.operation;
      expect(claimed === undefined ? null : [claimed.id, claimed.org]).toEqual(expected);
    }
    db.close();
  });
}

function registration(org: Alias) {
  const kind = 'jwt' as const;
  return { kind, username: 'a', instanceUrl: 'https://o.example', organisationId: organisationOf(org) };
}

function organisationOf(org: string): string {
  return `00D00000000000${org.slice(-1)}EAA`.padEnd(18, 'A').slice(0, 18);
}

function operationOf(
  number: number,
  { where, mode, ...terms }: { where: string; mode: Row['mode'] } & object,
) {
  const pooled = Object.hasOwn(POOLS, where);
  return newOperation(number, {
    ...terms,
    org: pooled ? null : where,
    lane: pooled ? null : { organisation: organisationOf(where), mode },
    pool: pooled ? { name: where, mode } : null,
  });
}

function rulesOf(closed: readonly Alias[]): LaneRules {
  const window = { to: 'exclusive', until: at(5_000), note: 'n' } as const;
  return {
    concurrency: {},
    pools: POOLS,
    closed: Object.fromEntries(closed.map((org) => [org, window])),
  };
}

function rowsOf(db: Database): readonly Row[] {
  const sql = `SELECT id, rank, org, pool, coalesce(mode, pool_mode) AS mode, state, override_window FROM operations
    WHERE finished_at IS NULL ORDER BY rank, id`;
  return db.prepare(sql).all() as Row[];
}

/** The promise, looked up by going through everything that waits. */
function firstThatMayStart(rows: readonly Row[], closed: readonly Alias[]): [string, Alias] | null {
  const stands = (row: Row, org: Alias): boolean => {
    const there = row.org === null ? POOLS[row.pool ?? '']?.includes(org) === true : row.org === org;
    const held = row.mode === 'exclusive' && row.override_window === null && closed.includes(org);
    return there && !held;
  };
  for (const row of rows.filter(({ state }) => state === 'queued')) {
    const orgs: readonly Alias[] = row.org === null ? (POOLS[row.pool ?? ''] ?? []) : [row.org];
    for (const org of orgs) {
      const running = rows.filter((one) => one.state === 'running' && one.org === org);
      const free =
        row.mode === 'exclusive'
          ? running.length === 0
          : running.length < DEFAULT_LANE_CONCURRENCY && running.every(({ mode }) => mode === 'shared');
      const ahead = rows.slice(0, rows.indexOf(row)).filter(({ state }) => state === 'queued');
      if (stands(row, org) && free && !ahead.some((one) => stands(one, org))) return [row.id, org];
    }
  }
  return null;
}
