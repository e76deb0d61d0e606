import type { Database } from 'better-sqlite3';

/**
 * What holds a lane beside what runs in it. `held`: nothing starts there, though nothing that runs is in the way.
 * `follows`: its head only follows what it had sent, which no pause holds up. The first two indexes hold the few exclusive
 * operations that keep a place by more than being queued.
 */
export function lanes(db: Database): void {
  db.exec(`
CREATE INDEX operations_in_back_off ON operations (tenant, organisation, rank, id)
  WHERE finished_at IS NULL AND state = 'scheduled' AND attempt >= 1 AND mode = 'exclusive';
CREATE INDEX operations_under_way ON operations (tenant, organisation, rank, id)
  WHERE finished_at IS NULL AND state <> 'running' AND mode = 'exclusive' AND checkpoint IS NOT NULL AND checkpoint <> '{}';

ALTER TABLE lanes ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
ALTER TABLE lanes ADD COLUMN follows INTEGER NOT NULL DEFAULT 0 CHECK (follows IN (0, 1));
UPDATE lanes SET held = 1 WHERE EXISTS (
  SELECT 1 FROM operations AS o WHERE o.tenant = lanes.tenant AND o.organisation = lanes.organisation
    AND o.finished_at IS NULL AND o.state = 'scheduled' AND o.attempt >= 1 AND o.mode = 'exclusive');

DROP INDEX lanes_ready;
CREATE INDEX lanes_ready ON lanes (head_rank, head)
  WHERE head IS NOT NULL AND held = 0 AND running_exclusive = 0 AND (head_mode = 'shared' OR running_shared = 0);

CREATE TABLE pauses (
  number INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  organisation TEXT NOT NULL,
  operation TEXT REFERENCES operations (id) ON DELETE SET NULL,
  paused_by TEXT NOT NULL,
  reason TEXT,
  paused_at TEXT NOT NULL
) STRICT;
CREATE INDEX pauses_of_lane ON pauses (tenant, organisation, number);
CREATE INDEX pauses_of_operation ON pauses (operation);

CREATE TABLE resolutions (
  operation TEXT PRIMARY KEY REFERENCES operations (id) ON DELETE CASCADE,
  resolved_as TEXT NOT NULL CHECK (resolved_as IN ('succeeded', 'failed')),
  note TEXT NOT NULL,
  resolved_by TEXT NOT NULL,
  resolved_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE server_pause (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  paused_by TEXT NOT NULL,
  reason TEXT,
  paused_at TEXT NOT NULL
) STRICT;
`);
}
