import type { Database } from 'better-sqlite3';
import type { EndedPlace, RetentionLimits, RetentionPlan } from './retention-port.ts';

/** Of one transaction: a few milliseconds. */
const EVENTS_AT_ONCE = 500;
const OPERATIONS_AT_ONCE = 50;
const DELIVERIES_AT_ONCE = 200;

const DAY_MS = 86_400_000;
const MEGABYTE = 1024 * 1024;
const NOTHING = '';

interface Happened {
  readonly seq: number;
  readonly at: string;
}

/** What is over goes after its time, or when there is too much of it: the oldest first. */
export function createRetention(db: Database) {
  const meta = db.prepare<[], { pruned: number; finished: number; last: number }>(
    `SELECT pruned_up_to AS pruned, finished,
       coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0) AS last FROM meta`,
  );
  const endedAt = db.prepare<[number], { at: string }>(
    'SELECT finished_at AS at FROM operations WHERE finished_at IS NOT NULL ORDER BY finished_at, id LIMIT 1 OFFSET ?',
  );
  const deliveryAt = db.prepare<[number], { id: string }>(
    "SELECT id FROM deliveries WHERE id < '~' ORDER BY id DESC LIMIT 1 OFFSET ?",
  );
  const usedPages = db.prepare<[], { pages: number; size: number }>(
    `SELECT page_count - freelist_count AS pages, page_size AS size
     FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  );
  const heldFrom = db.prepare<[], { seq: number | null }>(
    `SELECT min((SELECT seq FROM events WHERE operation = begun.id ORDER BY seq LIMIT 1)) AS seq
     FROM operations AS begun WHERE finished_at IS NULL AND attempt > 0`,
  );
  const oldestEvents = db.prepare<[number], Happened>(
    `SELECT seq, at FROM events WHERE seq > ? ORDER BY seq LIMIT ${EVENTS_AT_ONCE}`,
  );
  const deleteEvents = db.prepare<[number]>('DELETE FROM events WHERE seq <= ?');
  const remember = db.prepare<[number]>('UPDATE meta SET pruned_up_to = ?');

  const ended = db.prepare<[string, string], EndedPlace>(
    `SELECT finished_at AS finishedAt, id FROM operations WHERE finished_at IS NOT NULL AND (finished_at, id) > (?, ?)
     ORDER BY finished_at, id LIMIT ${OPERATIONS_AT_ONCE}`,
  );
  /** Somebody may still ask for it: its events, its key, or the lane that waits for a person to look into it. */
  const spokenOf = db.prepare<[{ id: string; now: string }], { one: 1 }>(
    `SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM events WHERE operation = @id)
     OR EXISTS (SELECT 1 FROM pauses WHERE operation = @id)
     OR EXISTS (SELECT 1 FROM idempotency WHERE operation = @id AND expires_at > @now)`,
  );
  const unlink = db.prepare<[string]>('DELETE FROM delivery_operations WHERE operation = ?');
  const deleteOperation = db.prepare<[string]>('DELETE FROM operations WHERE id = ?');

  const oldestDeliveries = db.prepare<[], { id: string; at: string }>(
    `SELECT id, received_at AS at FROM deliveries WHERE id > '' ORDER BY id LIMIT ${DELIVERIES_AT_ONCE}`,
  );
  const deleteDelivery = db.prepare<[string]>('DELETE FROM deliveries WHERE id = ?');

  const tooLarge = ({ databaseBytes }: RetentionPlan): boolean => {
    const { pages, size } = usedPages.get() ?? { pages: 0, size: 0 };
    return pages * size > databaseBytes;
  };
  const remove = ({ id }: EndedPlace): void => {
    unlink.run(id);
    deleteOperation.run(id);
  };

  return {
    planRetention(limits: RetentionLimits, now: string): RetentionPlan {
      const { finished, last } = meta.get() ?? { finished: 0, last: 0 };
      const excess = finished - limits.operations.atMost;
      const operationsUpTo = later(
        daysBefore(now, limits.operations.days),
        excess > 0 ? endedAt.get(excess - 1)?.at : undefined,
      );
      return {
        operationsUpTo,
        // an operation does not stay because of its events
        eventsUpTo: {
          at: later(daysBefore(now, limits.events.days), operationsUpTo),
          seq: last - limits.events.atMost,
        },
        deliveriesUpTo: {
          at: daysBefore(now, limits.deliveries.days),
          id: deliveryAt.get(limits.deliveries.atMost)?.id ?? NOTHING,
        },
        databaseBytes: limits.database.atMostMegabytes * MEGABYTE,
      };
    },
    pruneEvents(plan: RetentionPlan): boolean {
      const held = heldFrom.get()?.seq ?? Number.POSITIVE_INFINITY;
      const all = tooLarge(plan);
      // what is begun holds back what is old, and not what is too much: else one of it could fill the disk of all tenants
      const stays = ({ seq, at }: Happened): boolean =>
        !all && seq > plan.eventsUpTo.seq && (seq >= held || at > plan.eventsUpTo.at);
      const oldest = oldestEvents.all(meta.get()?.pruned ?? 0);
      const end = oldest.findIndex(stays);
      const last = oldest.at(end === -1 ? -1 : end - 1);
      if (last === undefined || end === 0) return false;
      deleteEvents.run(last.seq);
      remember.run(last.seq);
      return oldest.length === EVENTS_AT_ONCE && end === -1;
    },
    pruneOperations(plan: RetentionPlan, after: EndedPlace | null, now: string): EndedPlace | null {
      const page = ended.all(after?.finishedAt ?? NOTHING, after?.id ?? NOTHING);
      for (const one of page) {
        if (one.finishedAt > plan.operationsUpTo && !tooLarge(plan)) return null;
        if (spokenOf.get({ id: one.id, now }) === undefined) remove(one);
      }
      return page.length === OPERATIONS_AT_ONCE ? (page.at(-1) ?? null) : null;
    },
    pruneDeliveries({ deliveriesUpTo: { at, id } }: RetentionPlan): boolean {
      const oldest = oldestDeliveries.all();
      const over = oldest.filter((one) => one.at <= at || one.id <= id);
      for (const one of over) deleteDelivery.run(one.id);
      return over.length === DELIVERIES_AT_ONCE;
    },
  };
}

function daysBefore(now: string, days: number): string {
  return new Date(Date.parse(now) - days * DAY_MS).toISOString();
}

function later(one: string, other: string | undefined): string {
  return other !== undefined && other > one ? other : one;
}
