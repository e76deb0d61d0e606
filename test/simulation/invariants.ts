import { isFinal, mayMove, type Operation, type OperationState } from '../../src/contract/operation.ts';
import { mayFollow } from '../../src/daemon/operations/settle-loss.ts';
import { createHistoryCheck } from './retention.ts';
import { createStartCheck, type Row, type Told } from './starts.ts';
import { createSupersedeCheck } from './supersede.ts';
import { Violation } from './violation.ts';
import type { Effect, World } from './world.ts';

interface HeldLock {
  readonly id: string;
  readonly organisation: string;
  readonly fence: number;
  readonly running: number;
}

const HELD_LOCKS = `SELECT id, organisation, fence, (SELECT count(*) FROM operations AS o
    WHERE o.tenant = locks.tenant AND o.organisation = locks.organisation AND o.state = 'running') AS running
  FROM locks WHERE ended_at IS NULL AND fence IS NOT NULL`;

const LONGER_THAN_ANY_BACK_OFF_MS = 600_000;

/** Goes through what is new in the history, and through all that is stored. */
export function createInvariants(world: World) {
  const historyIsWrong = createHistoryCheck(world);
  const read = world.db.prepare<[], Row>(
    `SELECT id, state, attempt, coalesce(mode, pool_mode) AS mode, organisation, pool, rank, override_window, result,
     checkpoint, labels ->> 'wish' AS wish, on_worker_loss, max_attempts,
     cancel_requested_at FROM operations`,
  );
  const recorded = world.db
    .prepare<[string, string, number], number>(
      'SELECT 1 FROM workers WHERE marker = ? AND operation = ? AND attempt = ?',
    )
    .pluck();
  const held = world.db.prepare<[], HeldLock>(HELD_LOCKS);
  const strayed = world.db.prepare<[string], { id: string }>(
    "SELECT id FROM operations WHERE state = 'scheduled' AND attempt > 0 AND scheduled_for > ?",
  );
  const openLocks = world.db.prepare<[], { id: string }>('SELECT id FROM locks WHERE ended_at IS NULL');
  const fences = new Map<string, HeldLock>();
  const states = new Map<string, Told>();
  const starts = createStartCheck(world, states);
  const supersedes = createSupersedeCheck(world, states);
  const used = new Set<string>();
  let seen = 0;

  const replay = (rows: ReadonlyMap<string, Row>): void => {
    for (const event of world.history.slice(seen)) {
      const { operation, attempt, body, at } = event;
      supersedes.hear(event, rows.get(operation));
      if (body.type === 'created') states.set(operation, { state: body.state, attempt, effect: false });
      const before = states.get(operation);
      if (before === undefined) throw new Violation('accepted work is kept', `${operation} has no beginning`);
      if (attempt < before.attempt || (isFinal(before.state) && body.type === 'state'))
        throw new Violation(
          'an older attempt changes nothing',
          `${operation}: ${attempt} after ${before.attempt}`,
        );
      if (body.type === 'checkpoint')
        states.set(operation, { ...before, effect: Object.keys(body.checkpoint).length > 0 });
      if (body.type !== 'state') continue;
      if (body.from !== before.state || !mayMove(body.from, body.to))
        throw new Violation(
          'moves follow the table, and an end is final',
          `${operation}: ${body.from} to ${body.to}`,
        );
      if (body.to === 'running') {
        starts.check(rows, operation, at);
        if (attempt > (world.lostForGood.get(operation) ?? attempt))
          throw new Violation('what asked for a person does not run again by itself', operation);
      }
      states.set(operation, { ...before, state: body.to, attempt });
    }
    seen = world.history.length;
    supersedes.check(rows);
  };
  const checkWorkers = (): void => {
    for (const { marker, operation, attempt } of world.told.slice(used.size)) {
      if (used.has(marker) || recorded.get(marker, operation, attempt) === undefined) {
        throw new Violation(
          'a worker is on record before it is told what to do, and is told once',
          `${marker} for ${operation}.${attempt}`,
        );
      }
      used.add(marker);
    }
  };

  const checkLocks = (): void => {
    for (const lock of held.all()) {
      const last = fences.get(lock.organisation);
      const higher = last === undefined || lock.id === last.id || lock.fence > last.fence;
      if (lock.running > 0 || !higher)
        throw new Violation('a lock is held alone, under a higher number', `${lock.id}: ${lock.fence}`);
      fences.set(lock.organisation, lock);
    }
  };

  return {
    /** After every step. */
    check(): void {
      checkWorkers();
      const rows = new Map(read.all().map((row) => [row.id, row]));
      replay(rows);
      checkLocks();
      for (const id of world.startedPaused) throw new Violation('nothing starts where it is paused', id);
      for (const id of world.startedDraining) throw new Violation('a drain starts nothing', id);
      const wrong = historyIsWrong();
      if (wrong !== null)
        throw new Violation('only the beginning of the history goes, and none of work that has begun', wrong);
      for (const row of rows.values()) {
        starts.checkPlace(row);
        checkRow(world, row, states.get(row.id)?.state);
      }
      for (const { id, key } of world.wishes) {
        if (id !== null && !rows.has(id)) throw new Violation('accepted work is kept', `${id} is gone`);
        const copies = [...rows.values()].filter(({ wish }) => wish === key).length;
        if (copies > 1) throw new Violation('one key leads to one operation', `${key}: ${copies}`);
      }
    },
    /** When the clock has been right for a while, and nobody has asked for a lock since. */
    checkTimes(): void {
      const latest = new Date(world.now().getTime() + LONGER_THAN_ANY_BACK_OFF_MS).toISOString();
      const [late] = [...strayed.all(latest), ...openLocks.all()];
      if (late !== undefined) throw new Violation('a clock that was set back holds nothing up', late.id);
    },
    /** When nothing goes wrong any more, and much time has passed. */
    checkEnd(): void {
      for (const row of read.all()) {
        if (!isFinal(row.state))
          throw new Violation('everything comes to its end', `${row.id} is ${row.state}`);
        const effect = world.effects.find(({ operation }) => operation === row.id);
        if (row.state === 'indeterminate' && !mayBeUnknown(world, row, effect))
          throw new Violation('indeterminate only when nobody can know', `${row.id}: ${row.checkpoint}`);
        const isOff = row.state === 'cancelled' || row.state === 'timed_out';
        if (isOff && effect !== undefined && effect.status !== 'Canceled')
          throw new Violation(
            'a deployment that was cancelled, or whose time is over, does not go on',
            `${row.id}: ${effect.status}`,
          );
      }
    },
  };
}

/** Nobody can know; or a person was to look, nobody was left who would have looked in time, or looking was given up. */
function mayBeUnknown(world: World, row: Row, effect: Effect | undefined): boolean {
  if (row.on_worker_loss === 'indeterminate' || world.lostAfterTime.has(row.id)) return true;
  if (!mayFollow({ attempt: row.attempt, maxAttempts: row.max_attempts } as Operation)) return true;
  return effect === undefined && /intent/.test(row.checkpoint ?? '');
}

function checkRow(world: World, row: Row, told: OperationState | undefined): void {
  if (told !== row.state)
    throw new Violation(
      'moves follow the table, and an end is final',
      `${row.id} is ${row.state}, told was ${told}`,
    );
  const result = JSON.parse(row.result ?? '{}') as { attempt?: number };
  if (result.attempt !== undefined && result.attempt !== row.attempt)
    throw new Violation(
      'an older attempt changes nothing',
      `${row.id} ended by ${result.attempt} of ${row.attempt}`,
    );
  const effects = world.effects.filter(({ operation }) => operation === row.id).length;
  if (effects > 1) throw new Violation('an effect happens once', `${row.id}: ${effects} deployments`);
}
