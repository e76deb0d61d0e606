import { isFinal, mayMove, type OperationState } from '../../src/contract/operation.ts';
import { DEFAULT_LANE_CONCURRENCY } from '../../src/daemon/store/lane-rules.ts';
import { createHistoryCheck } from './retention.ts';
import { isClosed, type World } from './world.ts';

/** The promises that are looked at after every step; a broken one is named. */
export type Invariant =
  | 'accepted work is kept'
  | 'one key leads to one operation'
  | 'moves follow the table, and an end is final'
  | 'an older attempt changes nothing'
  | 'an effect happens once'
  | 'a worker is on record before it is told what to do, and is told once'
  | 'exclusive work runs alone and in order'
  | 'nothing passes what waits for another attempt'
  | 'nothing starts where it is paused'
  | 'nothing exclusive starts in a closed org'
  | 'a lock is held alone, under a higher number'
  | 'only the beginning of the history goes, and none of work that has begun'
  | 'everything comes to its end'
  | 'indeterminate only when nobody can know'
  | 'a cancelled deployment does not go on';

export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

interface Row {
  readonly id: string;
  readonly state: OperationState;
  readonly attempt: number;
  readonly mode: 'exclusive' | 'shared';
  readonly organisation: string;
  readonly rank: number;
  readonly override_window: string | null;
  readonly result: string | null;
  readonly checkpoint: string | null;
  readonly wish: string;
}

interface HeldLock {
  readonly id: string;
  readonly organisation: string;
  readonly fence: number;
  readonly running: number;
}

const HELD_LOCKS = `SELECT id, organisation, fence, (SELECT count(*) FROM operations AS o
    WHERE o.tenant = locks.tenant AND o.organisation = locks.organisation AND o.state = 'running') AS running
  FROM locks WHERE ended_at IS NULL AND fence IS NOT NULL`;

/** An operation as the history tells it. */
interface Told {
  readonly state: OperationState;
  readonly attempt: number;
  /** Something may go on in the org. */
  readonly effect: boolean;
}

/** Goes through what is new in the history, and through all that is stored. */
export function createInvariants(world: World) {
  const historyIsWrong = createHistoryCheck(world);
  const read = world.db.prepare<[], Row>(
    `SELECT id, state, attempt, mode, organisation, rank, override_window, result, checkpoint, labels ->> 'wish' AS wish FROM operations`,
  );
  const recorded = world.db
    .prepare<[string, string, number], number>(
      'SELECT 1 FROM workers WHERE marker = ? AND operation = ? AND attempt = ?',
    )
    .pluck();
  const held = world.db.prepare<[], HeldLock>(HELD_LOCKS);
  const fences = new Map<string, HeldLock>();
  const states = new Map<string, Told>();
  const used = new Set<string>();
  let seen = 0;

  const replay = (rows: ReadonlyMap<string, Row>): void => {
    for (const { operation, attempt, body, at } of world.history.slice(seen)) {
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
      if (body.to === 'running') checkStart(rows, operation, at);
      states.set(operation, { ...before, state: body.to, attempt });
    }
    seen = world.history.length;
  };
  /** At the moment of the start, as the history tells it. */
  const checkStart = (rows: ReadonlyMap<string, Row>, id: string, at: string): void => {
    const starting = rows.get(id);
    if (starting === undefined) return;
    if (isHeld(starting, at)) throw new Violation('nothing exclusive starts in a closed org', id);
    const inLane = [...rows.values()].filter(({ organisation }) => organisation === starting.organisation);
    const running = inLane.filter((row) => states.get(row.id)?.state === 'running');
    const beside =
      running.some(({ mode }) => mode === 'exclusive') ||
      (starting.mode === 'exclusive' && running.length > 0);
    if (beside || running.length >= DEFAULT_LANE_CONCURRENCY)
      throw new Violation(
        'exclusive work runs alone and in order',
        `${id} beside ${running.map((row) => row.id)}`,
      );
    for (const row of inLane) if (!isHeld(row, at)) checkOrder(starting, row);
  };
  /** By a window: what follows an earlier attempt, and an override, are not. */
  const isHeld = (row: Row, at: string): boolean =>
    row.mode === 'exclusive' &&
    row.override_window === null &&
    states.get(row.id)?.effect !== true &&
    isClosed(world, row.organisation, at);
  const checkOrder = (starting: Row, row: Row): void => {
    const told = states.get(row.id);
    if (told === undefined || row.id === starting.id) return;
    const goesOn = row.mode === 'exclusive' && told.attempt > 0;
    const waits = told.state === 'queued' || (told.state === 'scheduled' && goesOn);
    if (!waits || !isAhead(row, starting)) return;
    const invariant = goesOn
      ? 'nothing passes what waits for another attempt'
      : 'exclusive work runs alone and in order';
    throw new Violation(invariant, `${starting.id} passed ${row.id}`);
  };
  /** What may have something going on in the org comes first, then the rank tells. */
  const isAhead = (one: Row, other: Row): boolean => {
    const underWay = (row: Row): boolean => row.mode === 'exclusive' && states.get(row.id)?.effect === true;
    return underWay(one) === underWay(other) ? isBefore(one, other) : underWay(one);
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
      const wrong = historyIsWrong();
      if (wrong !== null)
        throw new Violation('only the beginning of the history goes, and none of work that has begun', wrong);
      for (const row of rows.values()) checkRow(world, row, states.get(row.id)?.state);
      for (const { id, key } of world.wishes) {
        if (id !== null && !rows.has(id)) throw new Violation('accepted work is kept', `${id} is gone`);
        const copies = [...rows.values()].filter(({ wish }) => wish === key).length;
        if (copies > 1) throw new Violation('one key leads to one operation', `${key}: ${copies}`);
      }
    },
    /** When nothing goes wrong any more, and much time has passed. */
    checkEnd(): void {
      for (const row of read.all()) {
        if (!isFinal(row.state))
          throw new Violation('everything comes to its end', `${row.id} is ${row.state}`);
        const effect = world.effects.find(({ operation }) => operation === row.id);
        if (row.state === 'indeterminate' && (effect !== undefined || !/intent/.test(row.checkpoint ?? '')))
          throw new Violation('indeterminate only when nobody can know', `${row.id}: ${row.checkpoint}`);
        if (row.state === 'cancelled' && effect !== undefined && effect.status !== 'Canceled')
          throw new Violation('a cancelled deployment does not go on', `${row.id}: ${effect.status}`);
      }
    },
  };
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

function isBefore(one: Row, other: Row): boolean {
  return one.rank === other.rank ? one.id < other.id : one.rank < other.rank;
}
