import type { Database } from 'better-sqlite3';
import { isBefore } from './lane-head.ts';
import { DEFAULT_LANE_CONCURRENCY, type LaneLimits } from './port.ts';

interface Candidate {
  readonly id: string;
  readonly rank: number;
  readonly mode: 'exclusive' | 'shared' | null;
  readonly org: string | null;
  readonly runningShared: number;
}

/** `least` 1: only lanes whose head follows what it had sent. */
interface Wanted {
  readonly tenant: string;
  readonly least: 0 | 1;
}

/** Lanes where nothing is in the way; what else holds one is in `held`. */
const READY = `head IS NOT NULL AND held = 0 AND running_exclusive = 0 AND (head_mode = 'shared' OR running_shared = 0)`;
const HEADS = `SELECT head AS id, head_rank AS rank, head_mode AS mode, head_org AS org, running_shared AS runningShared
  FROM lanes WHERE ${READY} AND tenant = +@tenant AND follows >= @least ORDER BY head_rank, head`;
const WITHOUT_LANE = `state = 'queued' AND organisation IS NULL`;
const FIRST_WITHOUT_LANE = `SELECT id, rank, mode, org, 0 AS runningShared FROM operations
  WHERE ${WITHOUT_LANE} AND tenant = +? ORDER BY rank, id LIMIT 1`;
const NEXT_TENANT = 'AND tenant > +? ORDER BY tenant LIMIT 1';

/**
 * Who starts next, of all that could: of the tenant that has the fewest running, the first by rank and id. Each step is a look
 * into an index, so it costs by how many tenants have work that could start, not by how much waits.
 */
export function createClaimOrder(db: Database) {
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
  const tenants = (): readonly { readonly tenant: string; readonly running: number }[] => {
    const names = new Set([...walk(nextWithLane), ...walk(nextWithoutLane)]);
    return [...names]
      .map((tenant) => ({ tenant, running: running.get(tenant)?.n ?? 0 }))
      .sort((one, other) => one.running - other.running);
  };
  const firstOf = (wanted: Wanted, limits: LaneLimits): Candidate | null => {
    const inLane = firstWithPlace(heads.iterate(wanted), limits);
    const free = wanted.least === 1 ? null : (withoutLane.get(wanted.tenant) ?? null);
    return earlier(inLane, free);
  };

  return (limits: LaneLimits, least: 0 | 1): string | null => {
    let best: Candidate | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const { tenant, running: count } of tenants()) {
      if (count > fewest) break;
      const first = firstOf({ tenant, least }, limits);
      if (first !== null) fewest = count;
      best = earlier(best, first);
    }
    return best?.id ?? null;
  };
}

/** How many shared operations may run at once in the lane of an org. */
export function laneLimit(limits: LaneLimits, org: string | null): number {
  return (org !== null && Object.hasOwn(limits, org) ? limits[org] : undefined) ?? DEFAULT_LANE_CONCURRENCY;
}

/** From one name to the next, over all that each of them has. */
function* walk(next: { get(after: string): { tenant: string } | undefined }): Generator<string> {
  for (let found = next.get(''); found !== undefined; found = next.get(found.tenant)) yield found.tenant;
}

function firstWithPlace(candidates: Iterable<Candidate>, limits: LaneLimits): Candidate | null {
  for (const lane of candidates) {
    if (lane.mode === 'exclusive' || lane.runningShared < laneLimit(limits, lane.org)) return lane;
  }
  return null;
}

function earlier(one: Candidate | null, other: Candidate | null): Candidate | null {
  if (one === null || other === null) return one ?? other;
  return isBefore(one, other) ? one : other;
}
