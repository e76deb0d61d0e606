import BetterSqlite3, { type Database } from 'better-sqlite3';
import { migrate } from './migrate.ts';

interface Part {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

/**
 * What a database has in its schema that one of this version, made here, has not, or lacks: a trigger that somebody added
 * would run in the daemon. Null: they are the same.
 */
export function foreignPart(db: Database, version: number): string | null {
  const found = partsOf(db);
  const own = ownParts(version);
  const strange = [...found].find(([key, sql]) => own.get(key) !== sql);
  if (strange !== undefined) return `${strange[0]} is not that of sfp-server`;
  const missing = [...own.keys()].find((key) => !found.has(key));
  return missing === undefined ? null : `${missing} is missing`;
}

function ownParts(version: number): ReadonlyMap<string, string> {
  const db = new BetterSqlite3(':memory:');
  try {
    migrate(db, version);
    return partsOf(db);
  } finally {
    db.close();
  }
}

/** Statistics of SQLite itself are tables of any database that was analysed, and do nothing. */
function partsOf(db: Database): ReadonlyMap<string, string> {
  const parts = db.prepare<[], Part>(
    "SELECT type, name, sql FROM sqlite_schema WHERE NOT (type = 'table' AND name GLOB 'sqlite_stat[1-4]')",
  );
  return new Map(parts.all().map(({ type, name, sql }) => [`${type} ${name}`, sql ?? '']));
}
