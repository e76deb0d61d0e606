import { readFileSync, writeFileSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';

/** The page at which a table begins gets what a bad disk might give. Nobody has the file open. Answers the number of the page. */
export function damageRootOf(file: string, table: string): number {
  const db = new BetterSqlite3(file, { readonly: true });
  const { rootpage } = db.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').get(table) as {
    rootpage: number;
  };
  const size = Number(db.pragma('page_size', { simple: true }));
  db.close();
  const bytes = readFileSync(file);
  bytes.fill(0x5a, (rootpage - 1) * size, rootpage * size);
  writeFileSync(file, bytes);
  return rootpage;
}
