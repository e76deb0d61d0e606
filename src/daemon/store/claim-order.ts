import type { Database } from 'better-sqlite3';
import { isBefore } from './lane-head.ts';
import { type LaneRules, laneLimit } from './port.ts';
import type { Candidate, Windows } from './windows.ts';

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
export function createClaimOrder(db: Database, windows: Windows) {
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
  const firstWithPlace = (candidates: Iterable<Candidate>, rules: LaneRules): Candidate | null => {
    for (const lane of candidates) {
      const free = lane.mode === 'exclusive' || lane.runningShared < laneLimit(rules, lane.org);
      if (free && windows.holds(rules, lane.id, lane) === null) return lane;
    }
    return null;
  };
  const firstOf = (wanted: Wanted, rules: LaneRules): Candidate | null => {
    const inLane = firstWithPlace(heads.iterate(wanted), rules);
    const free = wanted.least === 1 ? null : (withoutLane.get(wanted.tenant) ?? null);
    return earlier(inLane, free);
  };

  return (rules: LaneRules, least: 0 | 1): string | null => {
    const past = least === 1 ? new Map<string, Candidate>() : windows.nextPast(rules);
    let best: Candidate | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const { tenant, running: count } of tenants(past.keys())) {
      if (count > fewest) break;
      const first = earlier(firstOf({ tenant, least }, rules), past.get(tenant) ?? null);
      if (first !== null) fewest = count;
      best = earlier(best, first);
    }
    return best?.id ?? null;
  };
}

/** From one name to the next, over all that each of them has. */
function* walk(next: { get(after: string): { tenant: string } | undefined }): Generator<string> {
  for (let found = next.get(''); found !== undefined; found = next.get(found.tenant)) yield found.tenant;
}

function earlier(one: Candidate | null, other: Candidate | null): Candidate | null {
  if (one === null || other === null) return one ?? other;
  return isBefore(one, other) ? one : other;
}
