import type { Database } from 'better-sqlite3';

/** What waits in a pool has no lane yet: `pool_mode` becomes its mode with the lane. The second index holds what no window does. */
export function pools(db: Database): void {
  db.exec(`
ALTER TABLE operations ADD COLUMN pool TEXT CHECK (pool <> '');
ALTER TABLE operations ADD COLUMN pool_mode TEXT CHECK (pool_mode IN ('exclusive', 'shared'))
  CHECK ((pool IS NULL) = (pool_mode IS NULL));
CREATE INDEX operations_in_pools ON operations (tenant, pool, rank, id)
  WHERE state = 'queued' AND organisation IS NULL AND pool IS NOT NULL;
CREATE INDEX operations_past_in_pools ON operations (tenant, pool, rank, id)
  WHERE state = 'queued' AND organisation IS NULL AND pool IS NOT NULL AND (pool_mode = 'shared' OR override_window IS NOT NULL);
DROP INDEX operations_without_lane;
CREATE INDEX operations_without_lane ON operations (tenant, rank, id)
  WHERE state = 'queued' AND organisation IS NULL AND pool IS NULL;
`);
}
