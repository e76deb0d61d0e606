import type { Database } from 'better-sqlite3';

/**
 * Why an operation may start while its org is closed. Null, as nearly always, costs nothing to read though it stands behind the
 * large columns. The indexes hold what may start in a lane whose first a window holds: shared work and overrides.
 */
export function overrides(db: Database): void {
  db.exec(`
ALTER TABLE operations ADD COLUMN override_window TEXT CHECK (override_window <> '');
CREATE INDEX operations_past_windows ON operations (tenant, organisation, rank, id)
  WHERE finished_at IS NULL AND state = 'queued' AND (mode = 'shared' OR override_window IS NOT NULL);
CREATE INDEX operations_overriding ON operations (tenant, organisation, rank, id)
  WHERE finished_at IS NULL AND state = 'queued' AND override_window IS NOT NULL;
CREATE INDEX lanes_by_head_org ON lanes (head_org) WHERE head IS NOT NULL AND running_exclusive = 0;
`);
}
