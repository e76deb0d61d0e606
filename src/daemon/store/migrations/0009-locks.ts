import type { Database } from 'better-sqlite3';

/** Locks of work outside. One with a fence is held; one that ended is kept for a while, so that its owner hears how. */
export function locks(db: Database): void {
  db.exec(`
CREATE TABLE locks (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  organisation TEXT NOT NULL,
  org TEXT NOT NULL,
  rank INTEGER NOT NULL,
  fence INTEGER CHECK (fence >= 1),
  ttl_seconds INTEGER NOT NULL CHECK (ttl_seconds >= 1),
  note TEXT,
  locked_by TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  ended_at TEXT
) STRICT;
CREATE INDEX locks_in_lane ON locks (tenant, organisation, rank, id) WHERE ended_at IS NULL;
CREATE INDEX locks_expiry ON locks (expires_at) WHERE ended_at IS NULL;
CREATE INDEX locks_ended ON locks (ended_at) WHERE ended_at IS NOT NULL;
CREATE UNIQUE INDEX one_lock_is_held_in_a_lane ON locks (tenant, organisation) WHERE ended_at IS NULL AND fence IS NOT NULL;

CREATE TABLE fences (
  tenant TEXT NOT NULL,
  organisation TEXT NOT NULL,
  fence INTEGER NOT NULL CHECK (fence >= 1),
  PRIMARY KEY (tenant, organisation)
) STRICT, WITHOUT ROWID;
`);
}
