import type { Database } from 'better-sqlite3';
import type { WaitingFor } from '../../contract/operation.ts';
import type { Closed, LaneRules } from './lane-rules.ts';
import type { OperationRow } from './operation-row.ts';
import { type Pools, windowOfMember } from './pools.ts';

/** Further back than this an operation is told no place. */
const PLACES_COUNTED = 100;

const AHEAD = `SELECT count(*) AS ahead FROM (
  SELECT 1 FROM operations INDEXED BY operations_in_pools
  WHERE state = 'queued' AND organisation IS NULL AND pool IS NOT NULL AND tenant = +@tenant AND pool = +@pool
    AND (rank, id) < (+@rank, +@id) ORDER BY rank, id LIMIT ${PLACES_COUNTED})`;

/** Why an operation of a pool waits that no org has taken yet. */
export function createPoolWaiting(db: Database, pools: Pools) {
  const aheadOf = db.prepare<[OperationRow], { ahead: number }>(AHEAD);
  return (rules: LaneRules, row: OperationRow, pool: string): WaitingFor => {
    const members = pools.membersOf(rules, row.tenant, pool);
    if (members.length === 0) return { reason: 'pool', note: 'no org of its pool is known here' };
    const mode = row.pool_mode ?? 'exclusive';
    const { override_window } = row;
    const held = members.map((member) => windowOfMember(rules, { mode, override_window }, member));
    const closed = held.filter((window) => window !== null);
    if (closed.length === members.length) return untilFirst(closed);
    const placed = pools.place(rules).find(({ head }) => head.id === row.id);
    if (placed?.member != null) return { reason: 'capacity' };
    const { ahead } = aheadOf.get(row) ?? { ahead: 0 };
    return { reason: 'pool', ...(ahead < PLACES_COUNTED ? { place: ahead + 1 } : {}) };
  };
}

/** The window that opens first. */
function untilFirst(closed: readonly Closed[]): WaitingFor {
  const [first, ...others] = closed;
  if (first === undefined) throw new Error('A pool without orgs is no closed one.');
  const { until, note } = others.reduce((one, other) => (other.until < one.until ? other : one), first);
  return { reason: 'window', until, note };
}
