import type { Database } from 'better-sqlite3';

/** More than what is left on a page by chance: a full disk must be noticed. */
const BYTES = 16_384;

/** A write that tells whether others would succeed. */
export function createProbe(db: Database) {
  const write = db.prepare(
    `INSERT INTO probe (one, bytes) VALUES (1, randomblob(${BYTES})) ON CONFLICT DO UPDATE SET bytes = excluded.bytes`,
  );
  return {
    probe(): void {
      write.run();
    },
  };
}
