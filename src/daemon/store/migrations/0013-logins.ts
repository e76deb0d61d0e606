import type { Database } from 'better-sqlite3';

/** Whether a login was ever tried, when it was last used, and which lane is paused because the org refuses the login of an alias. */
export function logins(db: Database): void {
  db.exec(`
ALTER TABLE orgs ADD COLUMN checked INTEGER NOT NULL DEFAULT 1 CHECK (checked IN (0, 1));
ALTER TABLE orgs ADD COLUMN used_at TEXT;
ALTER TABLE pauses ADD COLUMN login TEXT CHECK (login <> '');
DROP INDEX pauses_of_lane;
CREATE INDEX pauses_of_lane ON pauses (tenant, organisation, login IS NULL, number);
CREATE UNIQUE INDEX pauses_of_login ON pauses (tenant, login) WHERE login IS NOT NULL;
`);
}
