import type { Database } from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import type { NewOperation } from '../../../src/daemon/store/port.ts';
import { openBroken } from './broken-sql.ts';
import { at, newOperation, operationId } from './home.ts';

const TENANTS = ['acme', 'bolt', 'core'] as const;
const LANES = [
  null,
  { organisation: '00D1', mode: 'exclusive' },
  { organisation: '00D2', mode: 'exclusive' },
] as const;

type Step =
  | { readonly does: 'accept'; readonly wanted: Partial<NewOperation> }
  | { readonly does: 'claim' | 'settle' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      tenant: fc.constantFrom(...TENANTS),
      lane: fc.constantFrom(...LANES),
      priority: fc.constantFrom('critical' as const, 'normal' as const, 'batch' as const),
    })
    .map((wanted) => ({ does: 'accept' as const, wanted })),
  fc.constant({ does: 'claim' as const }),
  fc.constant({ does: 'settle' as const }),
);

interface Row {
  readonly id: string;
  readonly tenant: string;
  readonly organisation: string | null;
  readonly state: 'queued' | 'running';
  readonly rank: number;
}

const RUNS = { numRuns: 150 };

test('what starts next is the first by rank of the tenant that has the fewest running', () => {
  fc.assert(
    isFair(() => openDatabase(':memory:')),
    RUNS,
  );
});

test('a claim that does not count what runs of a tenant is found', () => {
  const from = "SELECT count(*) AS n FROM operations WHERE tenant = ? AND state = 'running'";
  const uncounted = { from, to: 'SELECT 0 AS n WHERE ? IS NOT NULL' };
  expect(
    fc.check(
      isFair(() => openBroken(uncounted)),
      { ...RUNS, endOnFailure: true },
    ).failed,
  ).toBe(true);
});

function isFair(open: () => Database) {
  return fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
    const db = open();
    const { verbs } = createEngine(db);
    const read = db.prepare<[], Row>('SELECT * FROM operations WHERE finished_at IS NULL ORDER BY rank, id');
    let accepted = 0;
    for (const one of steps) {
      const rows = read.all();
      if (one.does === 'accept') {
        accepted += 1;
        verbs.accept(newOperation(accepted, { ...one.wanted, createdAt: at(accepted) }), null);
      } else if (one.does === 'claim') {
        expect(verbs.claim(at(100))?.operation.id ?? null).toBe(expectedNext(rows));
      } else {
        const running = rows.find(({ state }) => state === 'running');
        if (running) verbs.settle(running.id, 1, { to: 'succeeded', result: {} }, at(100));
      }
    }
    db.close();
  });
}

/** Read from the rows alone. */
function expectedNext(rows: readonly Row[]): string | null {
  const laneOf = ({ tenant, organisation }: Row): string => `${tenant} ${organisation}`;
  const running = rows.filter(({ state }) => state === 'running');
  const queued = rows.filter(({ state }) => state === 'queued');
  const busy = new Set(running.map(laneOf));
  const mayStart = queued.filter(
    (row) =>
      row.organisation === null ||
      (!busy.has(laneOf(row)) && queued.find((one) => laneOf(one) === laneOf(row)) === row),
  );
  const runningOf = ({ tenant }: Row): number => running.filter((row) => row.tenant === tenant).length;
  const fewest = Math.min(...mayStart.map(runningOf));
  return mayStart.find((row) => runningOf(row) === fewest)?.id ?? null;
}

test('ten thousand waiting operations of one tenant do not keep another one waiting', () => {
  const db = openDatabase(':memory:');
  const { verbs } = createEngine(db);
  db.transaction(() => {
    for (let number = 1; number <= 10_000; number += 1)
      verbs.accept(
        newOperation(number, { tenant: 'acme', lane: null, org: null, priority: 'critical' }),
        null,
      );
  })();
  for (let number = 1; number <= 3; number += 1) verbs.claim(at(20_000));
  verbs.accept(newOperation(20_000, { tenant: 'bolt', priority: 'batch', createdAt: at(20_000) }), null);
  expect(verbs.claim(at(20_001))?.operation.id).toBe(operationId(20_000));
  expect(verbs.claim(at(20_001))?.operation.tenant).toBe('acme');
  db.close();
});
