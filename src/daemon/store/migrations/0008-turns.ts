import type { Database } from 'better-sqlite3';

/** Whose turn it is: what could start, by tenant. */
export function turns(db: Database): void {
  db.exec(`
DROP INDEX lanes_ready;
CREATE INDEX lanes_ready ON lanes (tenant, head_rank, head, follows)
  WHERE head IS NOT NULL AND held = 0 AND running_exclusive = 0 AND (head_mode = 'shared' OR running_shared = 0);
DROP INDEX operations_without_lane;
CREATE INDEX operations_without_lane ON operations (tenant, rank, id) WHERE state = 'queued' AND organisation IS NULL;
`);
}
