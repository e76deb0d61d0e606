import type { Database } from 'better-sqlite3';

/** From where the fencing numbers of a lane begin: a restored database does not know the last ones that were given. */
export function fencesAfterRestore(db: Database): void {
  db.exec('ALTER TABLE meta ADD COLUMN fences_from INTEGER NOT NULL DEFAULT 0 CHECK (fences_from >= 0);');
}
