import type { Database } from 'better-sqlite3';
import { createAccepting } from './acceptance.ts';
import { createAttempts } from './attempts.ts';
import { createCancel } from './cancel.ts';
import { createDeliveries } from './deliveries.ts';
import { createDue } from './due.ts';
import { createEvents, type Events } from './events.ts';
import { createLaneLocks } from './lane-locks.ts';
import { type LaneRules, NO_LANE_RULES } from './lane-rules.ts';
import { createLanes } from './lanes.ts';
import { createListOperations } from './list-operations.ts';
import { createLocks } from './locks.ts';
import { createMoves } from './moves.ts';
import { createOperations } from './operations.ts';
import { createOrgs } from './orgs.ts';
import { createPauses } from './pauses.ts';
import type { Store } from './port.ts';
import { createProbe } from './probe.ts';
import { createRefusedLogins } from './refused-logins.ts';
import { createReports } from './reports.ts';
import { createResolutions } from './resolutions.ts';
import { createResolve } from './resolve.ts';
import { createRetention } from './retention.ts';
import { createSchedules } from './schedules.ts';
import { createTokens } from './tokens.ts';
import { createUploads } from './uploads.ts';
import { createWaiting } from './waiting.ts';
import { createWindows } from './windows.ts';

/** What can be asked of the database; the rest of the port is about the thread. */
export type Verb = Exclude<keyof Store, 'onCommitted' | 'copy' | 'close'>;

/** The verbs without promises, as they run inside a transaction. */
export type Verbs = {
  readonly [V in Verb]: (...args: Parameters<Store[V]>) => Awaited<ReturnType<Store[V]>>;
};

export interface Engine {
  readonly verbs: Verbs;
  readonly events: Events;
}

/** All nouns over one connection. */
export function createEngine(db: Database): Engine {
  let rules: LaneRules = NO_LANE_RULES;
  const events = createEvents(db);
  const pauses = createPauses(db);
  const windows = createWindows(db);
  const locks = createLaneLocks(db);
  const lanes = createLanes(db, { pauses, windows, locks });
  const waiting = createWaiting(db, { lanes, pauses, windows, locks, rules: () => rules });
  const orgs = createOrgs(db, { waiting, lanes, pauses, locks });
  const resolutions = createResolutions(db);
  const operations = createOperations(db, { events, lanes, waiting, resolutions });
  const moves = createMoves(db, { events, lanes });
  const cancel = createCancel(db, { events, moves, operations });
  const accepting = createAccepting(db, { operations, cancel });
  const refusedLogins = createRefusedLogins(db, { pauses, events });
  const attempts = createAttempts(db, { lanes, moves, operations, pauses, refusedLogins });

  const { listEvents, position, prunedUpTo } = events;
  const { getOperation, counts } = operations;
  const verbs: Verbs = {
    position,
    prunedUpTo,
    listEvents,
    accept: accepting.accept,
    findReplay: accepting.findReplay,
    getOperation,
    counts,
    requestCancel: cancel.requestCancel,
    ...createListOperations(db, { waiting, resolutions }),
    ...attempts,
    claim(now, given = NO_LANE_RULES, worker = null) {
      rules = given;
      return attempts.claim(now, given, worker);
    },
    ...createReports(db, { events, operations }),
    ...createDue(db, { moves, operations, lanes }),
    ...createDeliveries(db, accepting),
    ...createSchedules(db, accepting),
    ...createRetention(db),
    ...createProbe(db),
    ...createTokens(db),
    ...orgs,
    ...createLocks(db, { lanes, locks, waiting, getOrganisationId: orgs.getOrganisationId }),
    ...pauses.verbs,
    ...createResolve({ events, lanes, pauses, resolutions, operations }),
    ...createUploads(db),
  };
  return { verbs, events };
}
