import type { OperationState } from '../../src/contract/operation.ts';
import { DEFAULT_LANE_CONCURRENCY } from '../../src/daemon/store/lane-rules.ts';
import { Violation } from './violation.ts';
import { isClosed, POOLS, type World } from './world.ts';

export interface Row {
  readonly id: string;
  readonly state: OperationState;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly mode: 'exclusive' | 'shared';
  /** null: work of a pool that has not begun. */
  readonly organisation: string | null;
  readonly pool: string | null;
  readonly rank: number;
  readonly override_window: string | null;
  readonly result: string | null;
  readonly checkpoint: string | null;
  readonly wish: string;
  readonly on_worker_loss: string | null;
  readonly cancel_requested_at: string | null;
}

/** An operation as the history tells it. */
export interface Told {
  readonly state: OperationState;
  readonly attempt: number;
  /** Something may go on in the org. */
  readonly effect: boolean;
}

/** Looks at each start: where, beside what, and past what. */
export function createStartCheck(world: World, states: ReadonlyMap<string, Told>) {
  /** Where work of a pool has begun. */
  const places = new Map<string, string>();

  /** Before its first attempt, work of a pool waits in each org of it. */
  const waitsInPool = ({ id, pool }: Row): boolean => pool !== null && states.get(id)?.attempt === 0;
  const standsIn = (row: Row, lane: string): boolean =>
    row.pool !== null && waitsInPool(row)
      ? POOLS[row.pool]?.includes(lane) === true
      : row.organisation === lane;
  /** By a window: what follows an earlier attempt, and an override, are not. */
  const isHeld = (row: Row, lane: string, at: string): boolean =>
    row.mode === 'exclusive' &&
    row.override_window === null &&
    states.get(row.id)?.effect !== true &&
    isClosed(world, lane, at);
  const checkOrder = (starting: Row, row: Row): void => {
    const told = states.get(row.id);
    if (told === undefined || row.id === starting.id) return;
    const goesOn = row.mode === 'exclusive' && told.attempt > 0;
    const waits = told.state === 'queued' || (told.state === 'scheduled' && goesOn);
    if (!waits || !isAhead(row, starting)) return;
    const detail = `${starting.id} passed ${row.id}`;
    if (waitsInPool(starting) || waitsInPool(row))
      throw new Violation('work of a pool passes nothing, and nothing passes it', detail);
    if (goesOn) throw new Violation('nothing passes what waits for another attempt', detail);
    throw new Violation('exclusive work runs alone and in order', detail);
  };
  /** What may have something going on in the org comes first, then the rank tells. */
  const isAhead = (one: Row, other: Row): boolean => {
    const underWay = (row: Row): boolean => row.mode === 'exclusive' && states.get(row.id)?.effect === true;
    return underWay(one) === underWay(other) ? isBefore(one, other) : underWay(one);
  };
  const checkBeside = (starting: Row, running: readonly Row[]): void => {
    const alone = running.some(({ mode }) => mode === 'exclusive') || starting.mode === 'exclusive';
    if ((alone && running.length > 0) || running.length >= DEFAULT_LANE_CONCURRENCY)
      throw new Violation(
        'exclusive work runs alone and in order',
        `${starting.id} beside ${running.map((row) => row.id)}`,
      );
  };

  return {
    /** At the moment of the start, as the history tells it. */
    check(rows: ReadonlyMap<string, Row>, id: string, at: string): void {
      const starting = rows.get(id);
      const lane = starting?.organisation;
      if (starting === undefined || lane == null) return;
      if (isHeld(starting, lane, at)) throw new Violation('nothing exclusive starts in a closed org', id);
      const inLane = [...rows.values()].filter((row) => standsIn(row, lane));
      checkBeside(
        starting,
        inLane.filter((row) => states.get(row.id)?.state === 'running'),
      );
      for (const row of inLane) if (!isHeld(row, lane, at)) checkOrder(starting, row);
    },
    /** Of work of a pool; it must not change once it has begun. */
    checkPlace({ id, pool, organisation }: Row): void {
      if (pool === null) return;
      const before = places.get(id);
      const isMember = organisation === null || POOLS[pool]?.includes(organisation) === true;
      if (!isMember || (before !== undefined && before !== organisation))
        throw new Violation(
          'work of a pool runs in one of its orgs, and stays there',
          `${id} of ${pool}: ${before} and ${organisation}`,
        );
      if (organisation !== null) places.set(id, organisation);
    },
  };
}

function isBefore(one: Row, other: Row): boolean {
  return one.rank === other.rank ? one.id < other.id : one.rank < other.rank;
}
