import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

/** Where the file of the WAL is cut to when it begins anew. */
export const WAL_KEPT_BYTES = 16 * 1024 * 1024;
/** Above it the WAL is emptied by force. */
export const WAL_LIMIT_BYTES = 32 * 1024 * 1024;
const AGAIN_BYTES = 4 * 1024 * 1024;
/** How long writers may wait for those who read an older state. */
const WAIT_MS = 100;

/**
 * SQLite copies the WAL into the database by itself, but begins it anew only in a moment without readers. Where one reader
 * always follows another that moment never comes: then new ones are led to the database itself, and the old ones waited for,
 * shortly. Somebody who reads one state for long, with a tool of his own, still makes it grow until he is done.
 */
export function createWalBound(db: Database, busyTimeoutMs: number): () => void {
  const file = `${db.name}-wal`;
  let nextBytes = WAL_LIMIT_BYTES;
  return () => {
    const size = sizeOf(file);
    if (size <= WAL_LIMIT_BYTES) nextBytes = WAL_LIMIT_BYTES;
    if (size <= nextBytes) return;
    db.pragma(`busy_timeout = ${WAIT_MS}`);
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // a disk that is full or gone: whoever writes next hears of it
    } finally {
      db.pragma(`busy_timeout = ${busyTimeoutMs}`);
    }
    nextBytes = Math.max(WAL_LIMIT_BYTES, sizeOf(file) + AGAIN_BYTES);
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
