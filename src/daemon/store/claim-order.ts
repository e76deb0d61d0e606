import type { Database } from 'better-sqlite3';
import { isBefore } from './lane-head.ts';
import type { Member, Placed, Pools } from './pools.ts';
import { type LaneRules, laneLimit } from './port.ts';
import type { Candidate, Windows } from './windows.ts';

/** What starts next; of a pool: and where. */
export interface Next {
  readonly id: string;
  readonly rank: number;
  readonly member: Member | null;
}

/** `least` 1: only lanes whose head follows what it had sent. */
interface Wanted {
  readonly tenant: string;
  readonly least: 0 | 1;
}

/** Lanes where nothing is in the way; what else holds one is in `held`. */
const READY = `head IS NOT NULL AND held = 0 AND running_exclusive = 0 AND (head_mode = 'shared' OR running_shared = 0)`;
const HEADS = `SELECT head AS id, head_rank AS rank, head_mode AS mode, head_org AS org, running_shared AS runningShared, tenant, organisation
  FROM lanes WHERE ${READY} AND tenant = +@tenant AND follows >= @least ORDER BY head_rank, head`;
const WITHOUT_LANE = `state = 'queued' AND organisation IS NULL AND pool IS NULL`;
const FIRST_WITHOUT_LANE = `SELECT id, rank, mode, org, 0 AS runningShared, tenant, organisation FROM operations
  WHERE ${WITHOUT_LANE} AND tenant = +? ORDER BY rank, id LIMIT 1`;
const NEXT_TENANT = 'AND tenant > +? ORDER BY tenant LIMIT 1';

/**
 * Who starts next, of all that could: of the tenant that has the fewest running, the first by rank and id. Each step is a look
 * into an index, so it costs by how many tenants have work that could start, not by how much waits.
 */
export function createClaimOrder(db: Database, { windows, pools }: { windows: Windows; pools: Pools }) {
  const heads = db.prepare<[Wanted], Candidate>(HEADS);
  const withoutLane = db.prepare<[string], Candidate>(FIRST_WITHOUT_LANE);
  const nextWithLane = db.prepare<[string], { tenant: string }>(
    `SELECT tenant FROM lanes WHERE ${READY} ${NEXT_TENANT}`,
  );
  const nextWithoutLane = db.prepare<[string], { tenant: string }>(
    `SELECT tenant FROM operations WHERE ${WITHOUT_LANE} ${NEXT_TENANT}`,
  );
  const running = db.prepare<[string], { n: number }>(
    "SELECT count(*) AS n FROM operations WHERE tenant = ? AND state = 'running'",
  );

  /** Each once, in the order of how much runs of it. */
  const tenants = (
    more: Iterable<string>,
  ): readonly { readonly tenant: string; readonly running: number }[] => {
    const names = new Set([...walk(nextWithLane), ...walk(nextWithoutLane), ...more]);
    return [...names]
      .map((tenant) => ({ tenant, running: running.get(tenant)?.n ?? 0 }))
      .sort((one, other) => one.running - other.running);
  };
  /** The first that has a place, that no window holds, and that passes nothing of a pool. */
  const firstWithPlace = (tenant: Wanted, { rules, mayStart }: Looking): Candidate | null => {
    for (const lane of heads.iterate(tenant)) {
      const free = lane.mode === 'exclusive' || lane.runningShared < laneLimit(rules, lane.org);
      if (free && windows.holds(rules, lane.id, lane) === null && mayStart(lane)) return lane;
    }
    return null;
  };
  const firstOf = (wanted: Wanted, looking: Looking): Next | null => {
    const { tenant, least } = wanted;
    const inLane = unplaced(firstWithPlace(wanted, looking));
    if (least === 1) return inLane;
    const past = unplaced(looking.past.get(tenant) ?? null);
    const free = unplaced(withoutLane.get(tenant) ?? null);
    return [past, free, firstPlaced(looking.placed, tenant)].reduce(earlier, inLane);
  };
  const lookAt = (rules: LaneRules, least: 0 | 1): Looking => {
    if (least === 1) return { rules, placed: [], past: new Map(), mayStart: () => true };
    const placed = pools.place(rules);
    const mayStart = (candidate: Candidate) => pools.passed(rules, placed, candidate) === null;
    return { rules, placed, past: windows.nextPast(rules, mayStart), mayStart };
  };

  return (rules: LaneRules, least: 0 | 1): Next | null => {
    const looking = lookAt(rules, least);
    const inPools = looking.placed.map(({ head }) => head.tenant);
    let best: Next | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const { tenant, running: count } of tenants([...looking.past.keys(), ...inPools])) {
      if (count > fewest) break;
      const first = firstOf({ tenant, least }, looking);
      if (first !== null) fewest = count;
      best = earlier(best, first);
    }
    return best;
  };
}

/** What one claim has found out for all tenants. */
interface Looking {
  readonly rules: LaneRules;
  readonly placed: readonly Placed[];
  readonly past: ReadonlyMap<string, Candidate>;
  readonly mayStart: (candidate: Candidate) => boolean;
}

/** From one name to the next, over all that each of them has. */
function* walk(next: { get(after: string): { tenant: string } | undefined }): Generator<string> {
  for (let found = next.get(''); found !== undefined; found = next.get(found.tenant)) yield found.tenant;
}

function unplaced(candidate: Candidate | null): Next | null {
  return candidate === null ? null : { id: candidate.id, rank: candidate.rank, member: null };
}

function firstPlaced(placed: readonly Placed[], tenant: string): Next | null {
  const found = placed.find(({ head, member }) => member !== null && head.tenant === tenant);
  return found === undefined ? null : { id: found.head.id, rank: found.head.rank, member: found.member };
}

function earlier(one: Next | null, other: Next | null): Next | null {
  if (one === null || other === null) return one ?? other;
  return isBefore(one, other) ? one : other;
}
