import type { Database } from 'better-sqlite3';
import { AppError } from '../../contract/errors.ts';
import type { NewOperation } from './new-operation.ts';

/** A client is told to come back when about so many places have become free. */
const PLACES = 10;
const SOONEST_SECONDS = 1;
const LATEST_SECONDS = 300;
/** Where too little has ended to tell. */
const UNKNOWN_SECONDS = 60;

/** Refuses what would make more operations wait than may; the counters are stored (`tally.ts`, and triggers for moves), so that nobody counts. */
export function createQueueLimit(db: Database) {
  // the plus spares a new plan at every call, as in `lane-head.ts`
  const tally = db.prepare<[string], { all: number; own: number }>(
    'SELECT meta.waiting AS "all", tallies.waiting AS own FROM tallies, meta WHERE tenant = +?',
  );
  const ends = db.prepare<[], { at: string }>(
    `SELECT finished_at AS at FROM operations WHERE finished_at IS NOT NULL
     ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET ${PLACES - 1}`,
  );
  const retryAfterSeconds = (now: string): number => {
    const end = ends.get();
    if (end === undefined) return UNKNOWN_SECONDS;
    const seconds = Math.ceil((Date.parse(now) - Date.parse(end.at)) / 1_000);
    return Math.min(Math.max(seconds, SOONEST_SECONDS), LATEST_SECONDS);
  };

  return {
    /**
     * After the operation was added and has taken the place of what it supersedes: what is thrown takes all of it back.
     *
     * @throws AppError queue-full
     */
    check({ tenant, queue, createdAt }: NewOperation): void {
      if (queue === undefined) return;
      const waiting = tally.get(tenant) ?? { all: 0, own: 0 };
      const full =
        waiting.all > queue.limit
          ? `The queue is full: ${queue.limit} operations wait already.`
          : waiting.own > queue.limitPerTenant
            ? `The queue of tenant "${tenant}" is full: ${queue.limitPerTenant} of its operations wait already.`
            : null;
      if (full === null) return;
      const seconds = retryAfterSeconds(createdAt);
      throw new AppError('queue-full', `${full} Try again in ${seconds} s.`, { retryAfterSeconds: seconds });
    },
  };
}
