import type { Database } from 'better-sqlite3';

/** Marks a file as a database of ours: "sfps". */
export const APPLICATION_ID = 0x73667073;

/**
 * Finds what is over by its end, and what holds events back: operations that have begun and not ended. `tallies` says how many
 * operations of a tenant wait, and `meta` of all of them, so that nobody has to count; triggers keep both true in the
 * transaction of whatever changes a state. `probe` is written to see whether the disk takes it.
 */
export function retention(db: Database): void {
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.exec(`
CREATE INDEX operations_finished ON operations (finished_at, id) WHERE finished_at IS NOT NULL;
CREATE INDEX operations_begun ON operations (id) WHERE finished_at IS NULL AND attempt > 0;

CREATE TABLE tallies (
  tenant TEXT PRIMARY KEY,
  waiting INTEGER NOT NULL CHECK (waiting >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies (tenant, waiting)
  SELECT tenant, sum(state IN ('scheduled', 'queued')) FROM operations GROUP BY tenant;
ALTER TABLE meta ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0);
ALTER TABLE meta ADD COLUMN finished INTEGER NOT NULL DEFAULT 0 CHECK (finished >= 0);
UPDATE meta SET waiting = (SELECT coalesce(sum(waiting), 0) FROM tallies),
  finished = (SELECT count(*) FROM operations WHERE finished_at IS NOT NULL);

CREATE TABLE probe (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  bytes BLOB NOT NULL
) STRICT;

CREATE TRIGGER operation_waits AFTER INSERT ON operations WHEN NEW.state IN ('scheduled', 'queued') BEGIN
  INSERT INTO tallies (tenant, waiting) VALUES (NEW.tenant, 1) ON CONFLICT DO UPDATE SET waiting = waiting + 1;
  UPDATE meta SET waiting = waiting + 1;
END;
CREATE TRIGGER operation_waits_again AFTER UPDATE OF state ON operations
  WHEN OLD.state NOT IN ('scheduled', 'queued') AND NEW.state IN ('scheduled', 'queued') BEGIN
  INSERT INTO tallies (tenant, waiting) VALUES (NEW.tenant, 1) ON CONFLICT DO UPDATE SET waiting = waiting + 1;
  UPDATE meta SET waiting = waiting + 1;
END;
CREATE TRIGGER operation_waits_no_more AFTER UPDATE OF state ON operations
  WHEN OLD.state IN ('scheduled', 'queued') AND NEW.state NOT IN ('scheduled', 'queued') BEGIN
  UPDATE tallies SET waiting = waiting - 1 WHERE tenant = NEW.tenant;
  UPDATE meta SET waiting = waiting - 1;
END;
CREATE TRIGGER operation_ended AFTER UPDATE OF finished_at ON operations
  WHEN OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL BEGIN
  UPDATE meta SET finished = finished + 1;
END;
CREATE TRIGGER operation_went AFTER DELETE ON operations WHEN OLD.finished_at IS NOT NULL BEGIN
  UPDATE meta SET finished = finished - 1;
END;
`);
}
