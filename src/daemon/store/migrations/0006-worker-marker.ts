import type { Database } from 'better-sqlite3';

/**
 * Workers have names of their own, since some are forked before anybody knows what for. A name is recorded once: whoever was
 * used is never used again. Workers of before were called by their attempt.
 */
export function workerMarker(db: Database): void {
  db.exec(`
CREATE TABLE marked_workers (
  operation TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  place INTEGER NOT NULL CHECK (place >= 1),
  marker TEXT NOT NULL UNIQUE CHECK (marker <> ''),
  pid INTEGER NOT NULL CHECK (pid > 0),
  start_time TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  PRIMARY KEY (operation, attempt, place),
  FOREIGN KEY (operation, attempt) REFERENCES attempts (operation, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO marked_workers (operation, attempt, place, marker, pid, start_time, boot_id)
  SELECT operation, attempt, place, operation || ':' || attempt || ':' || place, pid, start_time, boot_id FROM workers;
DROP TABLE workers;
ALTER TABLE marked_workers RENAME TO workers;
`);
}
