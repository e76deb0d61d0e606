import BetterSqlite3, { type Database } from 'better-sqlite3';
import { WAL_KEPT_BYTES } from './bound-wal.ts';
import { migrate } from './migrate.ts';

export const BUSY_TIMEOUT_MS = 5_000;
/** Pages of the WAL after which they are copied back: the same few are written again and again, and are copied once. */
const CHECKPOINT_PAGES = 4_000;

/** The one connection of a daemon: durable at every commit, migrated. A buffer is a database in memory, as it was serialised. */
export function openDatabase(file: string | Buffer): Database {
  const db = new BetterSqlite3(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    // FULL: in WAL mode NORMAL may lose the last commits at power loss, and each of them was answered with a 202
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
