import type { Database } from 'better-sqlite3';
import { errorOf } from '../../src/daemon/operations/settle-loss.ts';
import type { Verbs } from '../../src/daemon/store/engine.ts';
import { NO_LANE_RULES } from '../../src/daemon/store/lane-rules.ts';
import type { Settlement } from '../../src/daemon/store/port.ts';
import type { Deaf } from './simulate.ts';
import type { Invariant } from './violation.ts';
import type { Broken } from './world.ts';

/** The product with one promise broken, and what the simulation must say of it. */
export interface BrokenPromise {
  readonly invariant: Invariant;
  readonly broken: Broken;
  readonly deaf?: Deaf;
}

/** Of operations, their lanes, pauses, windows and locks. */
export const BROKEN: Readonly<Record<string, BrokenPromise>> = {
  'a 202 without a row': {
    invariant: 'accepted work is kept',
    broken: () => ({ accept: (operation) => ({ outcome: 'created', operation: { ...operation } as never }) }),
  },
  'an idempotency key that nobody remembers': {
    invariant: 'one key leads to one operation',
    broken: (verbs) => ({ accept: (operation) => verbs.accept(operation, null) }),
  },
  'a second end': {
    invariant: 'moves follow the table, and an end is final',
    broken: (verbs, db) => ({
      settle(id, attempt, settlement, now) {
        const settled = verbs.settle(id, attempt, settlement, now);
        const again =
          "UPDATE operations SET state = 'cancelled', error = NULL WHERE id = ? AND finished_at IS NOT NULL";
        if (settled === null) db.prepare(again).run(id);
        return settled;
      },
    }),
  },
  'a settlement that names no attempt': {
    invariant: 'an older attempt changes nothing',
    broken: (verbs, db) => ({
      settle: (id, _attempt, settlement, now) => verbs.settle(id, currentAttempt(db, id), settlement, now),
    }),
  },
  'a checkpoint that is acknowledged and not written': {
    invariant: 'an effect happens once',
    broken: () => ({ recordCheckpoint: () => true }),
  },
  'a claim without the checkpoint': {
    invariant: 'an effect happens once',
    broken: (verbs) => ({
      claim(now, limits, worker) {
        const claim = verbs.claim(now, limits, worker);
        return claim === null ? null : { ...claim, checkpoint: null };
      },
    }),
  },
  'a checkpoint of an older attempt that counts': {
    invariant: 'an effect happens once',
    broken: (verbs, db) => ({
      recordCheckpoint: (id, _attempt, checkpoint, now) =>
        verbs.recordCheckpoint(id, currentAttempt(db, id), checkpoint, now),
    }),
  },
  'a claim that does not record its worker': {
    invariant: 'a worker is on record before it is told what to do, and is told once',
    broken: (verbs) => ({ claim: (now, limits) => verbs.claim(now, limits) }),
  },
  'a lane whose last comes first': {
    invariant: 'exclusive work runs alone and in order',
    broken: (verbs, db) => ({
      claim(now, limits, worker) {
        db.exec(LAST_FIRST);
        return verbs.claim(now, limits, worker);
      },
    }),
  },
  'a lane that forgets what runs in it': {
    invariant: 'exclusive work runs alone and in order',
    broken: (verbs, db) => ({
      claim(now, limits, worker) {
        db.exec(FORGET_RUNNING);
        return verbs.claim(now, limits, worker);
      },
    }),
  },
  'a lane that forgets what is in back-off': {
    invariant: 'nothing passes what waits for another attempt',
    broken: (verbs, db) => ({
      claim(...args) {
        db.exec(FORGET_BACK_OFF);
        return verbs.claim(...args);
      },
    }),
  },
  'a claim that knows of no window': {
    invariant: 'nothing exclusive starts in a closed org',
    broken: (verbs) => ({
      claim: (now, rules = NO_LANE_RULES, worker = null) =>
        verbs.claim(now, { ...rules, closed: {} }, worker),
    }),
  },
  'a window whose end nobody notices': {
    invariant: 'everything comes to its end',
    broken: (verbs) => {
      let closed = {};
      return {
        claim(now, rules = NO_LANE_RULES, worker = null) {
          closed = { ...closed, ...rules.closed };
          return verbs.claim(now, { ...rules, closed }, worker);
        },
      };
    },
  },
  'a pause that the lane does not heed': {
    invariant: 'nothing starts where it is paused',
    broken: (verbs, db) => ({
      claim(...args) {
        db.exec("UPDATE lanes SET held = 0 WHERE head IN (SELECT id FROM operations WHERE state = 'queued')");
        return verbs.claim(...args);
      },
    }),
  },
  'a pause of the server that is answered and not kept': {
    invariant: 'nothing starts where it is paused',
    broken: () => ({ pauseServer: (pause) => ({ ...pause, operation: null }) }),
  },
  'a lock that the lane does not heed': {
    invariant: 'a lock is held alone, under a higher number',
    broken: (verbs, db) => ({
      claim(...args) {
        db.exec("UPDATE lanes SET held = 0 WHERE head IN (SELECT id FROM operations WHERE state = 'queued')");
        return verbs.claim(...args);
      },
    }),
  },
  'a number of a lock that is given again': {
    invariant: 'a lock is held alone, under a higher number',
    broken: (verbs, db) => ({
      expireLocks(...args) {
        db.exec('DELETE FROM fences');
        return verbs.expireLocks(...args);
      },
    }),
  },
  'an indeterminate end after which the lane goes on': {
    invariant: 'nothing starts where it is paused',
    broken: (verbs) => ({
      settle: (id, attempt, settlement, now) => verbs.settle(id, attempt, settlement, now, 'go-on'),
    }),
  },
  'a resolution that resumes nothing': {
    invariant: 'everything comes to its end',
    broken: (verbs, db) => ({
      resolve(tenant, id, resolution) {
        const pauses = db.prepare('SELECT * FROM pauses WHERE operation = ?').all(id);
        const resolved = verbs.resolve(tenant, id, resolution);
        for (const pause of pauses) db.prepare(KEEP_PAUSE).run(pause);
        if (resolved?.org) db.prepare('UPDATE lanes SET held = 1 WHERE organisation = ?').run(resolved.org);
        return resolved;
      },
    }),
  },
  'a server that looks after no open attempt': {
    invariant: 'everything comes to its end',
    broken: () => ({ listOpenAttempts: () => [] }),
  },
  'a sweep that takes events of work that goes on': {
    invariant: 'only the beginning of the history goes, and none of work that has begun',
    broken: (_verbs, db) => ({
      pruneEvents() {
        db.exec(
          'UPDATE meta SET pruned_up_to = coalesce((SELECT max(seq) FROM events), pruned_up_to); DELETE FROM events',
        );
        return false;
      },
    }),
  },
  'a sweep that does not say how far it went': {
    invariant: 'only the beginning of the history goes, and none of work that has begun',
    broken: (verbs, db) => ({
      pruneEvents(plan) {
        const more = verbs.pruneEvents(plan);
        db.exec('UPDATE meta SET pruned_up_to = 0');
        return more;
      },
    }),
  },
  'a sweep that takes work whose key still holds': {
    invariant: 'accepted work is kept',
    broken: (verbs) => ({
      pruneOperations: (plan, after) => verbs.pruneOperations(plan, after, '2999-01-01T00:00:00.000Z'),
    }),
  },
  'a due time that never comes': {
    invariant: 'everything comes to its end',
    broken: () => ({ promoteDue: () => ({ promoted: 0, nextAt: null }) }),
  },
  'a guess instead of another attempt': {
    invariant: 'indeterminate only when nobody can know',
    broken: (verbs) => ({
      settle: (id, attempt, settlement, now) => verbs.settle(id, attempt, guess(settlement), now),
    }),
  },
  'a cancel that only says so': {
    invariant: 'a deployment that was cancelled, or whose time is over, does not go on',
    broken: (verbs, db) => ({
      requestCancel(tenant, id, by, now) {
        const cancelled = verbs.settle(id, currentAttempt(db, id), { to: 'cancelled', result: null }, now);
        return cancelled ?? verbs.requestCancel(tenant, id, by, now);
      },
    }),
  },
};

const newHead = (order: string): string => `UPDATE lanes SET (head, head_rank, head_mode, head_org, held) = (
  SELECT id, rank, mode, org, 0 FROM operations
  WHERE tenant = lanes.tenant AND organisation = lanes.organisation AND state = 'queued'
  ORDER BY ${order} LIMIT 1)
  WHERE EXISTS (SELECT 1 FROM operations
    WHERE tenant = lanes.tenant AND organisation = lanes.organisation AND state = 'queued')`;
const LAST_FIRST = newHead('rank DESC, id DESC');
const FORGET_BACK_OFF = newHead('rank, id');
const FORGET_RUNNING = `PRAGMA ignore_check_constraints = ON;
  DROP INDEX IF EXISTS one_exclusive_operation_runs_in_a_lane;
  UPDATE lanes SET running_exclusive = 0, running_shared = 0`;

const KEEP_PAUSE = `INSERT INTO pauses VALUES (@number, @tenant, @organisation, @operation, @paused_by, @reason, @paused_at)`;

function currentAttempt(db: Database, id: string): number {
  const row = db.prepare('SELECT attempt FROM operations WHERE id = ?').get(id) as
    | { attempt: number }
    | undefined;
  return row?.attempt ?? 0;
}

function guess(settlement: Settlement): Parameters<Verbs['settle']>[2] {
  if (settlement.to !== 'queued' && settlement.to !== 'scheduled') return settlement;
  return { to: 'indeterminate', error: errorOf('worker-lost', 'Who knows.'), result: null };
}
