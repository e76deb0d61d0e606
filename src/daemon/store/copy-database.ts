import BetterSqlite3, { type Database } from 'better-sqlite3';

/** Of one step: half a millisecond or two, after which requests have their turn. */
const PAGES_AT_ONCE = 256;

/**
 * Copies a database into a file while it is in use. The copy is of one moment, that of its end: what this connection writes
 * meanwhile goes to both.
 */
export async function copyDatabase(db: Database, file: string): Promise<void> {
  await db.backup(file, { progress: () => PAGES_AT_ONCE });
}

/** The same without a daemon, whatever version wrote it. */
export async function copyClosedDatabase(database: string, file: string): Promise<void> {
  const db = new BetterSqlite3(database, { fileMustExist: true });
  try {
    await copyDatabase(db, file);
  } finally {
    db.close();
  }
}
