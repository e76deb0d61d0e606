import type { Database } from 'better-sqlite3';
import type { Moves } from './moves.ts';
import type { Operations } from './operations.ts';

/** More than this at once would hold up the others; the caller comes back for the rest, which is due already. */
const AT_ONCE = 1_000;

/** Scheduled operations whose time has come. */
export function createDue(db: Database, parts: { moves: Moves; operations: Operations }) {
  const due = db.prepare<[string], { id: string }>(
    `SELECT id FROM operations WHERE state = 'scheduled' AND scheduled_for <= ? ORDER BY scheduled_for LIMIT ${AT_ONCE}`,
  );
  const next = db.prepare<[], { at: string }>(
    "SELECT scheduled_for AS at FROM operations WHERE state = 'scheduled' ORDER BY scheduled_for LIMIT 1",
  );
  return {
    promoteDue(now: string): { promoted: number; nextAt: string | null } {
      const moved = due.all(now).filter(({ id }) => {
        const row = parts.operations.find(id);
        return row !== null && parts.moves.move(row, { to: 'queued', at: now, reason: 'due', error: null });
      });
      return { promoted: moved.length, nextAt: next.get()?.at ?? null };
    },
  };
}
