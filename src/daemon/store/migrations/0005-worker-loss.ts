import type { Database } from 'better-sqlite3';

/**
 * What a request may say beside its task's own policy. Null, as nearly always, costs nothing to read though it stands behind
 * the large columns.
 */
export function workerLoss(db: Database): void {
  db.exec(`
ALTER TABLE operations ADD COLUMN on_worker_loss TEXT CHECK (on_worker_loss IN ('retry', 'resume', 'indeterminate'));
`);
}
