import type { Database } from 'better-sqlite3';

/**
 * A statement that fires a trigger is guarded by SQLite with a copy of every page that it changes, which took a third of the
 * time of accepting an operation. So operations that are new are counted by the verb that adds them; the other triggers of the
 * tallies stay, for they fire once in the life of an operation and not for every request.
 */
export function enqueue(db: Database): void {
  db.exec('DROP TRIGGER operation_waits;');
}
