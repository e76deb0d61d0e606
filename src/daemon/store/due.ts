import type { Database } from 'better-sqlite3';
import type { Lanes } from './lanes.ts';
import type { Moves } from './moves.ts';
import type { Operations } from './operations.ts';
import { createStrayedRanks } from './strayed-ranks.ts';

/** More than this at once would hold up the others; the caller comes back for the rest, which is due already. */
const AT_ONCE = 1_000;
/** No back-off is as long: one that ends later was reckoned by a clock that has been set back since. */
const LONGER_THAN_ANY_BACK_OFF_MS = 600_000;

/** Scheduled operations whose time has come. */
export function createDue(db: Database, parts: { moves: Moves; operations: Operations; lanes: Lanes }) {
  const due = db.prepare<[string], { id: string }>(
    `SELECT id FROM operations WHERE state = 'scheduled' AND scheduled_for <= ? ORDER BY scheduled_for LIMIT ${AT_ONCE}`,
  );
  const next = db.prepare<[], { at: string }>(
    "SELECT scheduled_for AS at FROM operations WHERE state = 'scheduled' ORDER BY scheduled_for LIMIT 1",
  );
  const strayed = db.prepare<[string], { id: string }>(
    `SELECT id FROM operations WHERE state = 'scheduled' AND attempt > 0 AND scheduled_for > ?
     ORDER BY scheduled_for LIMIT ${AT_ONCE}`,
  );
  const mendRanks = createStrayedRanks(db, parts.lanes);
  const queue = (id: string, now: string, reason: string): boolean => {
    const row = parts.operations.find(id);
    return row !== null && parts.moves.move(row, { to: 'queued', at: now, reason, error: null });
  };
  const strayedAt = (now: string): readonly { id: string }[] =>
    strayed.all(new Date(Date.parse(now) + LONGER_THAN_ANY_BACK_OFF_MS).toISOString());
  return {
    /** A clock that was set back must not make another attempt wait as much longer; a time that people chose stays. */
    promoteDue(now: string, setBack = false): { promoted: number; nextAt: string | null } {
      const early = setBack ? strayedAt(now) : [];
      const moreRanks = setBack && mendRanks(now);
      const moved = [
        ...early.filter(({ id }) => queue(id, now, 'the clock was set back')),
        ...due.all(now).filter(({ id }) => queue(id, now, 'due')),
      ];
      const more = moreRanks || early.length === AT_ONCE;
      return { promoted: moved.length, nextAt: more ? now : (next.get()?.at ?? null) };
    },
  };
}
