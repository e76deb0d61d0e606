import type { Database } from 'better-sqlite3';

/** What became of the ticks of schedules. `number` orders the decisions, which a clock that is set back may not. */
export function schedules(db: Database): void {
  db.exec(`
CREATE TABLE schedules (
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  cron TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  settled_up_to TEXT NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticks (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant TEXT NOT NULL,
  schedule TEXT NOT NULL,
  tick TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('created', 'overlapped', 'missed', 'refused')),
  operation TEXT REFERENCES operations (id) ON DELETE SET NULL,
  detail TEXT,
  UNIQUE (tenant, schedule, tick),
  FOREIGN KEY (tenant, schedule) REFERENCES schedules (tenant, name) ON DELETE CASCADE,
  CHECK (operation IS NULL OR outcome = 'created')
) STRICT;
CREATE INDEX ticks_of_schedule ON ticks (tenant, schedule, number);
CREATE INDEX tick_of_operation ON ticks (operation);
`);
}
