import type { Database } from 'better-sqlite3';
import { isBefore, type LaneKey, type LaneRow } from './lane-head.ts';
import type { LaneLocks } from './lane-locks.ts';
import { type Closed, type LaneRules, laneLimit } from './lane-rules.ts';
import type { Pauses } from './pauses.ts';
import { type Candidate, closedTo, type Windows } from './windows.ts';

type Mode = 'exclusive' | 'shared';

/** A member of a pool that its tenant is logged in to. */
export interface Member extends LaneKey {
  readonly org: string;
}

/** What waits in a pool: it stands in the line of each member, at its rank, until one of them takes it. */
export interface PoolHead {
  readonly id: string;
  readonly rank: number;
  readonly tenant: string;
  readonly pool: string;
  readonly mode: Mode;
  readonly override_window: string | null;
}

/** The head of a pool, with the member that takes it now; null: it stands in line. */
export interface Placed {
  readonly head: PoolHead;
  readonly member: Member | null;
}

const IN_POOLS = "state = 'queued' AND organisation IS NULL AND pool IS NOT NULL";
const HEADS = `SELECT id, rank, tenant, pool, pool_mode AS mode, override_window FROM operations`;
/** From pool to pool, one look into the index for each, however much waits there. */
const NEXT_POOL = `${HEADS} INDEXED BY operations_in_pools
  WHERE ${IN_POOLS} AND tenant = +@tenant AND pool > +@pool ORDER BY pool, rank, id LIMIT 1`;
const NEXT_TENANT = `${HEADS} INDEXED BY operations_in_pools
  WHERE ${IN_POOLS} AND tenant > +@tenant ORDER BY tenant, pool, rank, id LIMIT 1`;
/** What no window holds that is open to shared work. */
const FIRST_PAST = `${HEADS} INDEXED BY operations_past_in_pools
  WHERE ${IN_POOLS} AND (pool_mode = 'shared' OR override_window IS NOT NULL)
    AND tenant = +@tenant AND pool = +@pool ORDER BY rank, id LIMIT 1`;

/** Of a lane. */
type Waits = Pick<Candidate, 'id' | 'rank' | 'tenant' | 'organisation'>;

export type Pools = ReturnType<typeof createPools>;

interface Parts {
  readonly pauses: Pauses;
  readonly windows: Windows;
  readonly locks: LaneLocks;
  readonly laneOf: (key: LaneKey) => LaneRow | null;
}

/** Work that may run in any of several orgs. It never passes what waits in a member's lane before it, and is not passed there. */
export function createPools(db: Database, { pauses, windows, locks, laneOf }: Parts) {
  const nextPool = db.prepare<[{ tenant: string; pool: string }], PoolHead>(NEXT_POOL);
  const nextTenant = db.prepare<[{ tenant: string }], PoolHead>(NEXT_TENANT);
  const firstPast = db.prepare<[{ tenant: string; pool: string }], PoolHead>(FIRST_PAST);
  const organisation = db.prepare<[string, string], { id: string }>(
    'SELECT organisation_id AS id FROM orgs WHERE tenant = ? AND alias = ?',
  );

  const membersOf = (rules: LaneRules, tenant: string, pool: string): readonly Member[] =>
    (Object.hasOwn(rules.pools, pool) ? (rules.pools[pool] ?? []) : []).flatMap((org) => {
      const found = organisation.get(tenant, org);
      return found === undefined ? [] : [{ org, tenant, organisation: found.id }];
    });
  const after = (tenant: string, pool: string): PoolHead | undefined =>
    nextPool.get({ tenant, pool }) ?? nextTenant.get({ tenant });
  const heads = (rules: LaneRules): readonly PoolHead[] => {
    const found: PoolHead[] = [];
    for (let head = after('', ''); head !== undefined; head = after(head.tenant, head.pool)) {
      found.push(head);
      const past = mayBeHeld(rules, head)
        ? firstPast.get({ tenant: head.tenant, pool: head.pool })
        : undefined;
      if (past !== undefined && past.id !== head.id) found.push(past);
    }
    return found.sort((one, other) => (isBefore(one, other) ? -1 : 1));
  };
  /** It waits there: nothing but other work is in its way. */
  const standsIn = (rules: LaneRules, head: PoolHead, member: Member): boolean =>
    windowOfMember(rules, head, member) === null && pauses.ofLane(member) === null;
  const takes = (rules: LaneRules, head: PoolHead, member: Member, before: readonly Placed[]): boolean => {
    if (!standsIn(rules, head, member) || isTaken(rules, before, member)) return false;
    if (isLocked(member, head)) return false;
    const lane = laneOf(member);
    if (lane === null) return true;
    const { running_exclusive: exclusive, running_shared: shared } = lane;
    if (exclusive > 0 || shared >= (head.mode === 'exclusive' ? 1 : laneLimit(rules, member.org)))
      return false;
    return !isAhead(rules, lane, member, head);
  };
  const isLocked = (member: Member, head: PoolHead): boolean => {
    const first = locks.first(member);
    return locks.held(member) !== null || (first !== null && isBefore(first, head));
  };
  /** Something waits in the lane of a member that comes before, and is not held by a window. */
  const isAhead = (rules: LaneRules, lane: LaneRow, member: Member, head: PoolHead): boolean => {
    if (lane.head === null || lane.head_rank === null) return false;
    if (lane.follows === 1) return true;
    const held = lane.held === 1 ? null : windows.holds(rules, lane.head);
    if (held === null) return isBefore({ id: lane.head, rank: lane.head_rank }, head);
    const past = windows.firstPast(member, held);
    return past !== null && isBefore(past, head);
  };
  /** By an exclusive operation of another pool that is before it and waits. */
  const isTaken = (rules: LaneRules, before: readonly Placed[], member: Member): boolean =>
    before.some((placed) => standsInLine(rules, placed, member));
  const standsInLine = (rules: LaneRules, { head, member }: Placed, lane: LaneKey): boolean =>
    member === null &&
    head.mode === 'exclusive' &&
    head.tenant === lane.tenant &&
    membersOf(rules, head.tenant, head.pool).some(
      (one) => one.organisation === lane.organisation && standsIn(rules, head, one),
    );
  /** It only follows what goes on in its org already, so it waits behind nothing. */
  const isUnderWay = (key: LaneKey, id: string): boolean => {
    const lane = laneOf(key);
    return lane?.head === id && lane.follows === 1;
  };

  return {
    membersOf,
    /** The heads of all pools in the order of their rank. */
    place(rules: LaneRules): readonly Placed[] {
      const placed: Placed[] = [];
      for (const head of heads(rules)) {
        const member = membersOf(rules, head.tenant, head.pool).find((one) =>
          takes(rules, head, one, placed),
        );
        placed.push({ head, member: member ?? null });
      }
      return placed;
    },
    /** The exclusive operation of a pool that one of a lane would pass; null: none, also for what follows something in its org. */
    passed(
      rules: LaneRules,
      placed: readonly Placed[],
      { id, rank, tenant, organisation }: Waits,
    ): PoolHead | null {
      if (organisation === null) return null;
      const lane = { tenant, organisation };
      const found = placed.find(
        ({ head, member }) => isBefore(head, { id, rank }) && standsInLine(rules, { head, member }, lane),
      );
      return found === undefined || isUnderWay(lane, id) ? null : found.head;
    },
  };
}

function mayBeHeld({ closed }: LaneRules, { mode, override_window }: PoolHead): boolean {
  return mode === 'exclusive' && override_window === null && Object.keys(closed).length > 0;
}

/** The window that keeps it out of a member; null: none does. */
export function windowOfMember(
  rules: LaneRules,
  { mode, override_window }: Pick<PoolHead, 'mode' | 'override_window'>,
  { org }: Member,
): Closed | null {
  return override_window === null ? closedTo(rules, { org, mode }) : null;
}
