import type { Database } from 'better-sqlite3';
import type { WaitingFor } from '../../contract/operation.ts';
import type { Pause } from '../../contract/pause.ts';
import { IN_BACK_OFF, IN_LANE, isBefore, type LaneRow } from './lane-head.ts';
import type { LaneLocks, LockRow } from './lane-locks.ts';
import { type Closed, type LaneRules, laneLimit } from './lane-rules.ts';
import type { Lanes } from './lanes.ts';
import type { OperationRow } from './operation-row.ts';
import type { Pauses } from './pauses.ts';
import { createPoolWaiting } from './pool-waiting.ts';
import { PAST, type Windows, windowOf } from './windows.ts';

/** Further back in its lane an operation is told no place: counting would cost more than it says. */
const PLACES_COUNTED = 100;

const BEFORE = `AND (rank, id) < (+@rank, +@id) ORDER BY rank, id LIMIT ${PLACES_COUNTED}`;
const AHEAD = `SELECT count(*) AS ahead, coalesce(sum(mode = 'exclusive'), 0) AS exclusive FROM (
  SELECT mode FROM (SELECT mode FROM operations WHERE ${IN_LANE} AND state = 'queued' ${BEFORE})
  UNION ALL SELECT mode FROM (SELECT mode FROM ${IN_BACK_OFF} ${BEFORE}))`;
/** Steps over as many without reading them: half the cost of counting them, and nothing more is told of a deep lane. */
const FAR_BACK = `SELECT 1 AS far FROM operations
  WHERE tenant = +? AND organisation = +? AND finished_at IS NULL AND state = 'queued' AND (rank, id) < (+?, +?)
  ORDER BY rank, id LIMIT 1 OFFSET ${PLACES_COUNTED - 1}`;
const aheadPast = (past: string): string =>
  `SELECT count(*) AS ahead, coalesce(sum(mode = 'exclusive'), 0) AS exclusive FROM (SELECT mode FROM ${past} ${BEFORE})`;
const FIRST_RUNNING = `SELECT id FROM operations WHERE ${IN_LANE} AND state = 'running' ORDER BY rank, id LIMIT 1`;

interface Ahead {
  readonly ahead: number;
  readonly exclusive: number;
}

/** More than any limit of a lane, so it does not matter which of them are exclusive. */
const FAR: Ahead = { ahead: PLACES_COUNTED, exclusive: PLACES_COUNTED };

/** Whatever has a place in a lane. */
interface Placed {
  readonly id: string;
  readonly tenant: string;
  readonly organisation: string | null;
  readonly rank: number;
}

const NOTHING_AHEAD: Ahead = { ahead: 0, exclusive: 0 };

export type Waiting = ReturnType<typeof createWaiting>;

/** Why an operation waits, worked out when somebody asks. `rules`: as the last claim gave them. */
export function createWaiting(
  db: Database,
  parts: { lanes: Lanes; pauses: Pauses; windows: Windows; locks: LaneLocks; rules: () => LaneRules },
) {
  const { lanes, pauses, windows, locks, rules } = parts;
  const inPool = createPoolWaiting(db, lanes.pools);
  const aheadInLane = db.prepare<[Placed], Ahead>(AHEAD);
  const farBack = db.prepare<[string, string | null, number, string], { far: 1 }>(FAR_BACK);
  const aheadOf = ({ id, tenant, organisation, rank }: Placed): Ahead => {
    if (farBack.get(tenant, organisation, rank, id) !== undefined) return FAR;
    return aheadInLane.get({ id, tenant, organisation, rank }) ?? FAR;
  };
  const aheadPastOf = {
    exclusive: db.prepare<[Placed], Ahead>(aheadPast(PAST.exclusive)),
    all: db.prepare<[Placed], Ahead>(aheadPast(PAST.all)),
  };
  const firstRunning = db.prepare<[OperationRow], { id: string }>(FIRST_RUNNING);

  /** By rank, and the head, which may be first by what it left in the org. */
  const countAhead = (row: Placed, lane: LaneRow | null, passed: Closed | null): Ahead => {
    if (passed !== null) return aheadPastOf[passed.to].get(row) ?? NOTHING_AHEAD;
    if (lane === null || lane.head === row.id) return NOTHING_AHEAD;
    const { ahead, exclusive } = aheadOf(row);
    const { head, head_rank: rank } = lane;
    const counted = head === null || rank === null || isBefore({ id: head, rank }, row);
    return counted ? { ahead, exclusive } : { ahead: ahead + 1, exclusive: exclusive + 1 };
  };
  /** The window that holds the head of the lane: others pass it. */
  const headHeld = (lane: LaneRow | null): Closed | null =>
    lane?.head == null || lane.held === 1 ? null : windows.holds(rules(), lane.head);
  /** An exclusive operation of a pool stands in the line of each of its orgs. */
  const behindPool = (row: OperationRow): WaitingFor | null => {
    const head = lanes.pools.passed(rules(), lanes.pools.place(rules()), row);
    return head === null ? null : { reason: 'org', operation: head.id };
  };
  /** Behind what holds the lane: what runs there, or else the first that waits. */
  const inLane = (row: OperationRow, organisation: string, lane: LaneRow | null): WaitingFor => {
    const passed = headHeld(lane);
    const { ahead, exclusive } = countAhead(row, lane, passed);
    const lock = lockBefore(row, lane, organisation);
    if (lock !== null) return behindLock(lock, ahead + 1 + locks.countBefore({ ...row, organisation }));
    const running = (lane?.running_exclusive ?? 0) + (lane?.running_shared ?? 0);
    const open =
      row.mode === 'exclusive'
        ? running === 0 && ahead === 0
        : lane?.running_exclusive === 0 && exclusive === 0 && running + ahead < laneLimit(rules(), row.org);
    if (open) return behindPool(row) ?? { reason: 'capacity' };
    const first =
      passed === null ? lane?.head : windows.firstPast({ tenant: row.tenant, organisation }, passed)?.id;
    const holder = (running === 0 ? undefined : firstRunning.get(row)?.id) ?? first;
    return {
      reason: 'org',
      ...(holder == null ? {} : { operation: holder }),
      ...(ahead < PLACES_COUNTED ? { place: ahead + 1 } : {}),
    };
  };

  /** One that is held, or waits before it. */
  const lockBefore = (row: OperationRow, lane: LaneRow | null, organisation: string): LockRow | null => {
    if (lane?.head === row.id && lane.follows === 1) return null;
    const key = { tenant: row.tenant, organisation };
    const first = locks.first(key);
    const held = isOpen(lane) ? null : locks.held(key);
    return held ?? (first !== null && isBefore(first, row) ? first : null);
  };

  /** What only follows is held up by no pause. */
  const paused = ({ id, tenant, organisation }: OperationRow, lane: LaneRow | null): WaitingFor | null => {
    if (lane?.head === id && lane.follows === 1) return null;
    const server = pauses.ofServer();
    if (server !== null) return waitingOf(server, 'server');
    const pause = organisation === null || isOpen(lane) ? null : pauses.ofLane({ tenant, organisation });
    return pause === null ? null : waitingOf(pause, 'org');
  };

  const inLine = (row: OperationRow, lane: LaneRow | null): WaitingFor => {
    if (row.organisation !== null) return inLane(row, row.organisation, lane);
    return row.pool === null ? { reason: 'capacity' } : inPool(rules(), row, row.pool);
  };

  return {
    /** 1: it is next; null: far back. */
    placeOfLock(row: LockRow): number | null {
      const { ahead } = countAhead(row, lanes.get(row.tenant, row.organisation), null);
      const place = ahead + locks.countBefore(row) + 1;
      return place <= PLACES_COUNTED ? place : null;
    },
    waitingFor(row: OperationRow): WaitingFor | null {
      if (row.state === 'scheduled') {
        const until = row.scheduled_for === null ? {} : { until: row.scheduled_for };
        return { reason: row.attempt === 0 ? 'schedule' : 'retry', ...until };
      }
      if (row.state !== 'queued') return null;
      const lane = row.organisation === null ? null : lanes.get(row.tenant, row.organisation);
      return paused(row, lane) ?? closed(rules(), row) ?? inLine(row, lane);
    },
  };
}

/** Its head waits for nothing but room: neither a pause nor a held lock is there, or the lane would be held. */
function isOpen(lane: LaneRow | null): boolean {
  return lane !== null && lane.head !== null && lane.held === 0 && lane.follows === 0;
}

function behindLock({ id, locked_by: by, note }: LockRow, place: number): WaitingFor {
  const counted = place <= PLACES_COUNTED ? { place } : {};
  return { reason: 'lock', lock: id, by, ...(note === null ? {} : { note }), ...counted };
}

function waitingOf({ by, reason, operation }: Pause, scope: 'org' | 'server'): WaitingFor {
  return {
    reason: 'paused',
    scope,
    by,
    ...(reason === null ? {} : { note: reason }),
    ...(operation === null ? {} : { operation }),
  };
}

function closed(rules: LaneRules, row: OperationRow): WaitingFor | null {
  const window = windowOf(rules, row);
  return window === null ? null : { reason: 'window', until: window.until, note: window.note };
}
