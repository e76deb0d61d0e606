import type { Database } from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import { type Closed, DEFAULT_LANE_CONCURRENCY, type LaneRules } from '../../../src/daemon/store/port.ts';
import { at, newOperation, operationId } from './home.ts';

/** Two aliases share the first organisation. */
const ORGS = {
  uat: '00D000000000001EAA',
  'uat-too': '00D000000000001EAA',
  prod: '00D000000000002EAA',
} as const;
type Alias = keyof typeof ORGS;
const alias = fc.constantFrom<Alias>('uat', 'uat-too', 'prod');

interface Row {
  readonly id: string;
  readonly rank: number;
  readonly organisation: string | null;
  readonly org: Alias | null;
  readonly mode: 'exclusive' | 'shared' | null;
  readonly state: string;
  readonly override_window: string | null;
}

const wanted = fc.record({
  org: alias,
  mode: fc.constantFrom('exclusive' as const, 'shared' as const),
  overrideWindow: fc.constantFrom(null, null, null, 'a hotfix'),
  priority: fc.constantFrom('critical' as const, 'normal' as const, 'batch' as const),
  laneless: fc.constantFrom(false, false, false, false, true),
});
const closedTo = fc.constantFrom<Closed['to'] | null>(null, 'exclusive', 'all');
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ claim: fc.record({ uat: closedTo, 'uat-too': closedTo, prod: closedTo }) }),
  },
  { weight: 1, arbitrary: fc.record({ end: fc.nat(20) }) },
);

test('whoever is closed, a claim takes the first of what may start, and passes only what a window holds', () => {
  fc.assert(
    fc.property(
      fc.array(wanted, { minLength: 1, maxLength: 25 }),
      fc.array(step, { minLength: 1, maxLength: 40 }),
      (wishes, steps) => {
        const db = openDatabase(':memory:');
        const { verbs } = createEngine(db);
        for (const [index, { laneless, org, mode, ...wish }] of wishes.entries()) {
          const lane = laneless ? null : { organisation: ORGS[org], mode };
          verbs.accept(newOperation(index + 1, { ...wish, lane, org: laneless ? null : org }), null);
        }
        for (const one of steps) {
          if ('end' in one) {
            verbs.settle(operationId(one.end), 1, { to: 'succeeded', result: {} }, at(2_000));
            continue;
          }
          const rules = rulesOf(one.claim);
          const expected = firstThatMayStart(rowsOf(db), rules);
          expect(verbs.claim(at(1_000), rules)?.operation.id ?? null).toBe(expected);
        }
        db.close();
      },
    ),
    { numRuns: 150 },
  );
});

function rulesOf(closed: Readonly<Record<Alias, Closed['to'] | null>>): LaneRules {
  const entries = Object.entries(closed).flatMap(([org, to]) =>
    to === null ? [] : [[org, { to, until: at(5_000), note: 'n' }] as const],
  );
  return { concurrency: {}, closed: Object.fromEntries(entries), pools: {} };
}

function rowsOf(db: Database): readonly Row[] {
  const sql = `SELECT id, rank, organisation, org, mode, state, override_window FROM operations
    WHERE finished_at IS NULL ORDER BY rank, id`;
  return db.prepare(sql).all() as Row[];
}

/** The promise, looked up by going through everything that waits. */
function firstThatMayStart(rows: readonly Row[], rules: LaneRules): string | null {
  const candidates = [...Map.groupBy(rows, ({ organisation }) => organisation)].flatMap(
    ([organisation, all]) => {
      const waiting = all.filter(({ state }) => state === 'queued');
      return organisation === null ? waiting.slice(0, 1) : nextOfLane(all, waiting, rules);
    },
  );
  return rows.find((row) => candidates.includes(row))?.id ?? null;
}

function nextOfLane(all: readonly Row[], waiting: readonly Row[], rules: LaneRules): readonly Row[] {
  const [head] = waiting;
  if (head === undefined) return [];
  const closed = holding(head, rules);
  const past = (row: Row) =>
    row.override_window !== null || (closed?.to === 'exclusive' && row.mode === 'shared');
  const next = closed === null ? head : waiting.find(past);
  if (next === undefined || holding(next, rules) !== null) return [];
  const running = all.filter(({ state }) => state === 'running');
  const free =
    next.mode === 'exclusive'
      ? running.length === 0
      : running.length < DEFAULT_LANE_CONCURRENCY && running.every(({ mode }) => mode === 'shared');
  return free ? [next] : [];
}

function holding(row: Row, { closed }: LaneRules): Closed | null {
  const window = row.org === null ? undefined : closed[row.org];
  if (window === undefined || row.override_window !== null) return null;
  return window.to === 'all' || row.mode === 'exclusive' ? window : null;
}
