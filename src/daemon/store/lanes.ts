import type { Database } from 'better-sqlite3';
import type { Pause } from '../../contract/pause.ts';
import { createClaimOrder, type Next } from './claim-order.ts';
import { createLaneHead, IN_LANE, isBefore, type LaneHead, type LaneKey, type LaneRow } from './lane-head.ts';
import type { LaneLocks } from './lane-locks.ts';
import type { LaneRules } from './lane-rules.ts';
import type { OperationRow } from './operation-row.ts';
import type { Pauses } from './pauses.ts';
import { createPools } from './pools.ts';
import type { Windows } from './windows.ts';

const RUNNING_IN_LANE = `SELECT count(*) FILTER (WHERE mode = 'exclusive') AS exclusive, count(*) FILTER (WHERE mode = 'shared') AS shared
  FROM operations WHERE ${IN_LANE} AND state = 'running'`;
const PUT = `INSERT INTO lanes (tenant, organisation, running_exclusive, running_shared, head, head_rank, head_mode, head_org, held, follows)
  VALUES (@tenant, @organisation, @exclusive, @shared, @id, @rank, @mode, @org, @held, @follows)
  ON CONFLICT DO UPDATE SET running_exclusive = excluded.running_exclusive, running_shared = excluded.running_shared,
    head = excluded.head, head_rank = excluded.head_rank, head_mode = excluded.head_mode, head_org = excluded.head_org,
    held = excluded.held, follows = excluded.follows`;

const NOBODY = { id: null, rank: null, mode: null, org: null, held: 0, follows: 0 };

export type Lanes = ReturnType<typeof createLanes>;

/**
 * What serialises work: one lane per tenant and organisation id. Only the head of a lane may ever start: nothing passes a
 * waiting exclusive operation. The heads are stored, so that a claim never walks through waiting work.
 */
export function createLanes(
  db: Database,
  { pauses, windows, locks }: { pauses: Pauses; windows: Windows; locks: LaneLocks },
) {
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
  const laneOf = ({ tenant, organisation }: LaneKey): LaneRow | null =>
    get.get({ tenant, organisation }) ?? null;
  const pools = createPools(db, { pauses, windows, locks, laneOf });
  const order = createClaimOrder(db, { windows, pools });

  /** A lock holds the lane, or is its head; granted where nothing is in its way. Not while the lane is paused. */
  const isLocked = (key: LaneKey, head: LaneHead | null, free: boolean): boolean => {
    if (locks.held(key) !== null) return true;
    const lock = locks.first(key);
    if (lock === null || (head !== null && (head.underWay || isBefore(head, lock)))) return false;
    if (free) locks.grant(lock);
    return true;
  };

  /** After every move of an operation, every pause and every lock: what the lane's row says is true again. */
  const refresh = (row: Pick<OperationRow, 'tenant' | 'organisation'>): void => {
    if (row.organisation === null) return;
    const key = { tenant: row.tenant, organisation: row.organisation };
    const { exclusive, shared } = running.get(key) ?? { exclusive: 0, shared: 0 };
    const pause = pauses.ofLane(key);
    const first = headOf(key);
    const locked = isLocked(key, first, pause === null && exclusive + shared === 0);
    const head = storable(first, holdOf(pause, locked));
    const stored = get.get(key);
    if (head.id === null && exclusive + shared === 0) {
      if (stored !== undefined) remove.run(key);
    } else if (
      stored?.head !== head.id ||
      stored.head_rank !== head.rank ||
      stored.held !== head.held ||
      stored.follows !== head.follows ||
      stored.running_exclusive !== exclusive ||
      stored.running_shared !== shared
    ) {
      put.run({ ...key, ...head, exclusive, shared });
    }
  };

  return {
    refresh,
    /** A new operation that comes after the head changes nothing of what the lane's row says. */
    join(row: Pick<OperationRow, 'id' | 'rank' | 'tenant' | 'organisation'>): void {
      if (row.organisation === null) return;
      const lane = laneOf({ tenant: row.tenant, organisation: row.organisation });
      const { head = null, head_rank: rank = null } = lane ?? {};
      if (head === null || rank === null || !isBefore({ id: head, rank }, row)) refresh(row);
    },
    pools,
    get: (tenant: string, organisation: string): LaneRow | null => laneOf({ tenant, organisation }),
    /** The operation that starts next; null: none may. While the server is paused, only what follows. */
    next: (rules: LaneRules): Next | null => order(rules, pauses.ofServer() === null ? 0 : 1),
  };
}

/** A pause or a lock holds up what would be new, not what an earlier attempt has sent already; without a login nobody can follow that either. */
function holdOf(pause: Pause | null, locked: boolean): 'all' | 'new' | 'nothing' {
  if (pause?.login !== undefined) return 'all';
  return pause !== null || locked ? 'new' : 'nothing';
}

function storable(head: LaneHead | null, hold: ReturnType<typeof holdOf>) {
  if (head === null) return NOBODY;
  const { state, underWay, ...named } = head;
  const held = state === 'scheduled' || hold === 'all' || (hold === 'new' && !underWay);
  return { ...named, held: held ? 1 : 0, follows: underWay ? 1 : 0 };
}
