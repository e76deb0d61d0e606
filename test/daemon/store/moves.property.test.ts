import type { Database } from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OperationEvent } from '../../../src/contract/event.ts';
import { isFinal, mayMove, type OperationState } from '../../../src/contract/operation.ts';
import type { Verb } from '../../../src/daemon/store/engine.ts';
import { createEngine } from '../../../src/daemon/store/engine.ts';
import { createGroupCommit } from '../../../src/daemon/store/group-commit.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import type { Settlement } from '../../../src/daemon/store/port.ts';
import { at, newOperation, operationId } from './home.ts';

type Step = readonly [Verb, (now: string) => readonly unknown[]];

const ERROR = { code: 'worker-lost', message: 'm', hint: 'h', retryable: true };
const ORG = {
  kind: 'jwt',
  username: 'ann',
  instanceUrl: 'https://org.example',
  organisationId: '00D000000000001EAA',
} as const;
const OPERATIONS = 6;
const number = fc.integer({ min: 1, max: OPERATIONS });
const attempt = fc.integer({ min: 1, max: 3 });
const settlement = fc.constantFrom<Settlement>(
  { to: 'succeeded', result: {} },
  { to: 'failed', error: ERROR, result: null },
  { to: 'timed_out', error: ERROR, result: null },
  { to: 'indeterminate', error: ERROR, result: null },
  { to: 'cancelled', result: null },
  { to: 'queued', reason: 'again', error: null },
  { to: 'scheduled', at: at(50), reason: 'back-off', error: ERROR },
);

const accept = fc
  .record({
    number,
    mode: fc.constantFrom('exclusive' as const, 'shared' as const, null),
    organisation: fc.constantFrom(ORG.organisationId, '00D000000000002EAA'),
    later: fc.boolean(),
    supersede: fc.constantFrom(
      null,
      { key: 'k', running: 'keep' as const },
      { key: 'k', running: 'cancel' as const },
    ),
    priority: fc.constantFrom('critical' as const, 'normal' as const, 'batch' as const),
  })
  .map<Step>(({ number: n, mode, organisation, later, supersede, priority }) => [
    'accept',
    (now) => [
      newOperation(n, {
        lane: mode === null ? null : { organisation, mode },
        scheduledFor: later ? at(40) : null,
        createdAt: now,
        supersede,
        priority,
      }),
      null,
    ],
  ]);
const step: fc.Arbitrary<Step> = fc.oneof(
  accept,
  fc
    .constantFrom({}, { uat: { to: 'exclusive', until: at(90), note: 'n' } })
    .map<Step>((closed) => ['claim', (now) => [now, { concurrency: { uat: 2 }, closed, pools: {} }]]),
  fc.constant<Step>(['promoteDue', (now) => [now]]),
  fc
    .constantFrom<Step>(
      ['pauseLane', (now) => ['default', 'uat', { by: 'ann', reason: null, at: now }]],
      ['resumeLane', () => ['default', 'uat']],
    )
    .map<Step>((one) => one),
  number.map<Step>((n) => [
    'resolve',
    (now) => ['default', operationId(n), { as: 'failed', note: 'n', by: 'ann', at: now }],
  ]),
  number.map<Step>((n) => ['requestCancel', (now) => ['default', operationId(n), 'ann', now]]),
  fc
    .tuple(number, attempt, settlement)
    .map<Step>(([n, a, s]) => ['settle', (now) => [operationId(n), a, s, now]]),
  fc
    .tuple(number, attempt, fc.constantFrom({}, { id: '0Af' }))
    .map<Step>(([n, a, checkpoint]) => ['recordCheckpoint', (now) => [operationId(n), a, checkpoint, now]]),
);

test('whatever is asked in whatever order, every row is legal, every move is in the table, and an end is final', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      (steps, group) => {
        const db = openDatabase(':memory:');
        const engine = createEngine(db);
        engine.verbs.putOrg('default', 'uat', ORG, at(0));
        const commit = createGroupCommit(db, engine);
        const events: OperationEvent[] = [];
        const requests = steps.map(([verb, args], id) => ({ id, verb, args: args(at(id)) }));
        for (let start = 0; start < requests.length; start += group) {
          const reply = commit(requests.slice(start, start + group));
          events.push(...reply.events);
          // the only requests that may fail are those that bring an id twice
          for (const answer of reply.answers) {
            if ('failure' in answer) expect(requests[answer.id]?.verb).toBe('accept');
          }
          expectTrueLanes(db);
        }
        expectLegalHistory(db, events);
        db.close();
      },
    ),
    { numRuns: 150 },
  );
});

/** What a lane's row says is what its operations say, and nothing runs beside an exclusive operation. */
function expectTrueLanes(db: Database): void {
  const lanes = db.prepare('SELECT * FROM lanes ORDER BY tenant, organisation').all() as LaneRow[];
  const rows = db
    .prepare(
      'SELECT * FROM operations WHERE organisation IS NOT NULL AND finished_at IS NULL ORDER BY rank, id',
    )
    .all() as WaitingRow[];
  const paused = new Set(
    (db.prepare('SELECT organisation FROM pauses').all() as { organisation: string }[]).map(
      (pause) => pause.organisation,
    ),
  );
  const inBackOff = ({ attempt, mode }: WaitingRow): boolean => attempt >= 1 && mode === 'exclusive';
  const busy = rows.filter((row) => row.state !== 'scheduled' || inBackOff(row));
  const expected = [...Map.groupBy(busy, (row) => row.organisation)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([organisation, all]) => {
      const running = all.filter(({ state }) => state === 'running');
      const waiting = all.filter(({ state }) => state !== 'running');
      const head = waiting.find((row) => inBackOff(row) && hasEffect(row.checkpoint)) ?? waiting[0];
      const follows = head !== undefined && inBackOff(head) && hasEffect(head.checkpoint);
      return {
        organisation,
        exclusive: running.filter(({ mode }) => mode === 'exclusive').length,
        shared: running.filter(({ mode }) => mode === 'shared').length,
        head: head?.id ?? null,
        held: head !== undefined && (head.state === 'scheduled' || (paused.has(organisation) && !follows)),
        follows,
      };
    });
  expect(
    lanes.map((lane) => ({
      organisation: lane.organisation,
      exclusive: lane.running_exclusive,
      shared: lane.running_shared,
      head: lane.head,
      held: lane.held === 1,
      follows: lane.follows === 1,
    })),
  ).toEqual(expected);
  for (const { exclusive, shared } of expected) {
    expect(exclusive === 0 ? shared : exclusive + shared).toBeLessThanOrEqual(exclusive === 0 ? 2 : 1);
  }
}

interface LaneRow {
  readonly organisation: string;
  readonly running_exclusive: number;
  readonly running_shared: number;
  readonly head: string | null;
  readonly held: 0 | 1;
  readonly follows: 0 | 1;
}

interface WaitingRow {
  readonly id: string;
  readonly organisation: string;
  readonly mode: string;
  readonly state: string;
  readonly attempt: number;
  readonly checkpoint: string | null;
}

function hasEffect(checkpoint: string | null): boolean {
  return checkpoint !== null && checkpoint !== '{}';
}

/** The events alone tell every move, each one in the table; they end where the rows are. */
function expectLegalHistory(db: Database, events: readonly OperationEvent[]): void {
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
  const states = new Map<string, OperationState>();
  for (const { operation, body } of events) {
    if (body.type === 'created') states.set(operation, body.state);
    if (body.type !== 'state') continue;
    expect(states.get(operation)).toBe(body.from);
    expect(mayMove(body.from, body.to)).toBe(true);
    states.set(operation, body.to);
  }
  const rows = db.prepare('SELECT id, state, finished_at FROM operations').all() as {
    id: string;
    state: OperationState;
    finished_at: string | null;
  }[];
  expect(new Map(rows.map(({ id, state }) => [id, state]))).toEqual(states);
  const tally = db
    .prepare('SELECT meta.waiting, finished, sum(tallies.waiting) AS tallied FROM meta, tallies')
    .get();
  const waiting = rows.filter(({ state }) => state === 'queued' || state === 'scheduled').length;
  const finished = rows.filter(({ state }) => isFinal(state)).length;
  if (rows.length > 0) expect(tally).toEqual({ waiting, finished, tallied: waiting });
  const ends = events.filter(({ body }) => body.type === 'state' && isFinal(body.to));
  expect(new Set(ends.map(({ operation }) => operation)).size).toBe(ends.length);
  const open = db.prepare('SELECT count(*) AS n FROM attempts WHERE ended_at IS NULL').get() as { n: number };
  expect(open.n).toBe(rows.filter(({ state }) => state === 'running').length);
}
