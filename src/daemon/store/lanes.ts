import type { Database } from 'better-sqlite3';
import { createLaneHead, IN_LANE, isBefore, type LaneHead, type LaneKey } from './lane-head.ts';
import type { OperationRow } from './operation-row.ts';
import type { Pauses } from './pauses.ts';
import { DEFAULT_LANE_CONCURRENCY, type LaneLimits } from './port.ts';

export interface LaneRow {
  readonly running_exclusive: number;
  readonly running_shared: number;
  readonly head: string | null;
  readonly head_rank: number | null;
  readonly held: 0 | 1;
  readonly follows: 0 | 1;
}

interface Candidate {
  readonly id: string;
  readonly rank: number;
  readonly mode: 'exclusive' | 'shared' | null;
  readonly org: string | null;
  readonly runningShared: number;
}

const RUNNING_IN_LANE = `SELECT count(*) FILTER (WHERE mode = 'exclusive') AS exclusive, count(*) FILTER (WHERE mode = 'shared') AS shared
  FROM operations WHERE ${IN_LANE} AND state = 'running'`;
const PUT = `INSERT INTO lanes (tenant, organisation, running_exclusive, running_shared, head, head_rank, head_mode, head_org, held, follows)
  VALUES (@tenant, @organisation, @exclusive, @shared, @id, @rank, @mode, @org, @held, @follows)
  ON CONFLICT DO UPDATE SET running_exclusive = excluded.running_exclusive, running_shared = excluded.running_shared,
    head = excluded.head, head_rank = excluded.head_rank, head_mode = excluded.head_mode, head_org = excluded.head_org,
    held = excluded.held, follows = excluded.follows`;

const READY = `SELECT head AS id, head_rank AS rank, head_mode AS mode, head_org AS org, running_shared AS runningShared
  FROM lanes WHERE head IS NOT NULL AND held = 0 AND running_exclusive = 0 AND (head_mode = 'shared' OR running_shared = 0)`;
const READY_LANES = `${READY} ORDER BY head_rank, head`;
const READY_TO_FOLLOW = `${READY} AND follows = 1 ORDER BY head_rank, head`;
const FIRST_WITHOUT_LANE = `SELECT id, rank, mode, org, 0 AS runningShared FROM operations
  WHERE state = 'queued' AND organisation IS NULL ORDER BY rank, id LIMIT 1`;

const NOBODY = { id: null, rank: null, mode: null, org: null, held: 0, follows: 0 };

export type Lanes = ReturnType<typeof createLanes>;

/**
 * What serialises work: one lane per tenant and organisation id. Only the head of a lane may ever start: nothing passes a
 * waiting exclusive operation. The heads are stored, so that a claim never walks through waiting work.
 */
export function createLanes(db: Database, pauses: Pauses) {
  const headOf = createLaneHead(db);
  const running = db.prepare<[LaneKey], { exclusive: number; shared: number }>(RUNNING_IN_LANE);
  const put = db.prepare<[Record<string, unknown>]>(PUT);
  const remove = db.prepare<[LaneKey]>(
    'DELETE FROM lanes WHERE tenant = @tenant AND organisation = @organisation',
  );
  const get = db.prepare<[LaneKey], LaneRow>(
    `SELECT running_exclusive, running_shared, head, head_rank, held, follows FROM lanes
     WHERE tenant = @tenant AND organisation = @organisation`,
  );
  const ready = db.prepare<[], Candidate>(READY_LANES);
  const readyToFollow = db.prepare<[], Candidate>(READY_TO_FOLLOW);
  const withoutLane = db.prepare<[], Candidate>(FIRST_WITHOUT_LANE);

  return {
    /** After every move of an operation and every pause: what the lane's row says is true again. */
    refresh(row: Pick<OperationRow, 'tenant' | 'organisation'>): void {
      if (row.organisation === null) return;
      const key = { tenant: row.tenant, organisation: row.organisation };
      const head = storable(headOf(key), pauses.ofLane(key) !== null);
      const { exclusive, shared } = running.get(key) ?? { exclusive: 0, shared: 0 };
      const stored = get.get(key);
      if (head.id === null && exclusive + shared === 0) {
        if (stored !== undefined) remove.run(key);
      } else if (
        stored?.head !== head.id ||
        stored.held !== head.held ||
        stored.follows !== head.follows ||
        stored.running_exclusive !== exclusive ||
        stored.running_shared !== shared
      ) {
        put.run({ ...key, ...head, exclusive, shared });
      }
    },
    get: (tenant: string, organisation: string): LaneRow | null => get.get({ tenant, organisation }) ?? null,
    /** The operation that starts next: of all that could, the first by rank and id. While the server is paused, only what follows. */
    next(limits: LaneLimits): string | null {
      if (pauses.ofServer() !== null) return firstWithPlace(readyToFollow.iterate(), limits)?.id ?? null;
      const inLane = firstWithPlace(ready.iterate(), limits);
      const free = withoutLane.get() ?? null;
      if (inLane === null || free === null) return (inLane ?? free)?.id ?? null;
      return isBefore(inLane, free) ? inLane.id : free.id;
    },
  };
}

/** How many shared operations may run at once in the lane of an org. */
export function laneLimit(limits: LaneLimits, org: string | null): number {
  return (org !== null && Object.hasOwn(limits, org) ? limits[org] : undefined) ?? DEFAULT_LANE_CONCURRENCY;
}

/** A pause holds up what would be new, not what an earlier attempt has sent already. */
function storable(head: LaneHead | null, paused: boolean) {
  if (head === null) return NOBODY;
  const { state, underWay, ...named } = head;
  const held = state === 'scheduled' || (paused && !underWay);
  return { ...named, held: held ? 1 : 0, follows: underWay ? 1 : 0 };
}

function firstWithPlace(candidates: Iterable<Candidate>, limits: LaneLimits): Candidate | null {
  for (const lane of candidates) {
    if (lane.mode === 'exclusive' || lane.runningShared < laneLimit(limits, lane.org)) return lane;
  }
  return null;
}
