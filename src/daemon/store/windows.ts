import type { Database } from 'better-sqlite3';
import { IN_BACK_OFF, IN_LANE, isBefore, type LaneKey } from './lane-head.ts';
import { type Closed, type LaneRules, laneLimit } from './lane-rules.ts';
import type { OperationRow } from './operation-row.ts';

type Mode = 'exclusive' | 'shared';
type Terms = Pick<OperationRow, 'org' | 'mode' | 'override_window' | 'checkpoint'>;

/** An operation that could start, and what runs in its lane. */
export interface Candidate {
  readonly id: string;
  readonly rank: number;
  readonly mode: Mode | null;
  readonly org: string | null;
  readonly runningShared: number;
  readonly tenant: string;
  readonly organisation: string | null;
}

/** Of a lane, as it waits there. */
export type InLane = Pick<Candidate, 'id' | 'rank' | 'mode' | 'org'>;

interface ClosedLane extends LaneKey {
  readonly head: string;
  readonly mode: Mode;
  readonly runningShared: number;
}

const TERMS = 'SELECT org, mode, override_window, checkpoint FROM operations WHERE id = ?';
/** Lanes that wait for a head of this org, with nothing but the window in its way. */
const LANES = `SELECT tenant, organisation, head, head_mode AS mode, running_shared AS runningShared
  FROM lanes INDEXED BY lanes_by_head_org WHERE head_org = ? AND head IS NOT NULL AND held = 0 AND running_exclusive = 0`;
/** What a window does not hold, by what it is closed to. */
export const PAST = {
  exclusive: `operations INDEXED BY operations_past_windows
    WHERE ${IN_LANE} AND state = 'queued' AND (mode = 'shared' OR override_window IS NOT NULL)`,
  all: `operations INDEXED BY operations_overriding
    WHERE ${IN_LANE} AND state = 'queued' AND override_window IS NOT NULL`,
} as const;
const FIRST = 'ORDER BY rank, id LIMIT 1';
const AHEAD_IN_BACK_OFF = `SELECT org, mode, override_window, checkpoint FROM ${IN_BACK_OFF} AND (rank, id) < (+@rank, +@id)`;

export type Windows = ReturnType<typeof createWindows>;

/**
 * What may start in an org that is closed: shared work (unless it is closed to all), what overrides the window, and what only
 * follows what an earlier attempt has sent. It passes the work that the window holds, and nothing else.
 */
export function createWindows(db: Database) {
  const terms = db.prepare<[string], Terms>(TERMS);
  const lanes = db.prepare<[string], ClosedLane>(LANES);
  const first = {
    exclusive: db.prepare<[LaneKey], InLane>(`SELECT id, rank, mode, org FROM ${PAST.exclusive} ${FIRST}`),
    all: db.prepare<[LaneKey], InLane>(`SELECT id, rank, mode, org FROM ${PAST.all} ${FIRST}`),
  };

  const aheadInBackOff = db.prepare<[LaneKey & Pick<InLane, 'id' | 'rank'>], Terms>(AHEAD_IN_BACK_OFF);

  /** The window that holds an operation; null: none does. What is known of it spares a look in nearly every case. */
  const holds = (rules: LaneRules, id: string, known?: Pick<Terms, 'org' | 'mode'>): Closed | null => {
    if (known !== undefined ? closedTo(rules, known) === null : nothingCloses(rules)) return null;
    const operation = terms.get(id);
    return operation === undefined ? null : windowOf(rules, operation);
  };
  const startable = (rules: LaneRules, lane: ClosedLane, closed: Closed): Candidate | null => {
    const next = first[closed.to].get({ tenant: lane.tenant, organisation: lane.organisation });
    // an alias of the same organisation may be closed as well
    if (next === undefined || holds(rules, next.id, next) !== null) return null;
    const { runningShared, tenant, organisation } = lane;
    // what waits for another attempt and is held by no window keeps its place
    const ahead = aheadInBackOff.all({ tenant, organisation, rank: next.rank, id: next.id });
    if (ahead.some((one) => windowOf(rules, one) === null)) return null;
    const free = next.mode === 'exclusive' ? runningShared === 0 : runningShared < laneLimit(rules, next.org);
    return free ? { ...next, runningShared, tenant, organisation } : null;
  };

  return {
    holds,
    /** The first of each tenant that may start past the heads that a window holds. */
    nextPast(rules: LaneRules, mayStart: (candidate: Candidate) => boolean): ReadonlyMap<string, Candidate> {
      const earliest = new Map<string, Candidate>();
      for (const [org, closed] of Object.entries(rules.closed)) {
        for (const lane of lanes.iterate(org)) {
          if (holds(rules, lane.head, { org, mode: lane.mode }) === null) continue;
          const next = startable(rules, lane, closed);
          const known = earliest.get(lane.tenant);
          if (next === null || !mayStart(next) || (known !== undefined && isBefore(known, next))) continue;
          earliest.set(lane.tenant, next);
        }
      }
      return earliest;
    },
    firstPast: ({ tenant, organisation }: LaneKey, closed: Closed): InLane | null =>
      first[closed.to].get({ tenant, organisation }) ?? null,
  };
}

/** Of an operation whose terms are known. */
export function windowOf(rules: LaneRules, operation: Terms): Closed | null {
  const { checkpoint, override_window: override } = operation;
  const follows = checkpoint !== null && checkpoint !== '{}';
  return override !== null || follows ? null : closedTo(rules, operation);
}

function nothingCloses({ closed }: LaneRules): boolean {
  for (const _ in closed) return false;
  return true;
}

/** Without looking at what is not held by it. */
export function closedTo({ closed }: LaneRules, { org, mode }: Pick<Terms, 'org' | 'mode'>): Closed | null {
  if (org === null || mode === null || !Object.hasOwn(closed, org)) return null;
  const found = closed[org];
  return found !== undefined && (found.to === 'all' || mode === 'exclusive') ? found : null;
}
