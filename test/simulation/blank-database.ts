import type { Database, Statement } from 'better-sqlite3';
import { openDatabase } from '../../src/daemon/store/open-database.ts';

/** Migrated once: making the same tables for every seed would take a third of the time. */
const EMPTY = emptyDatabase();

function emptyDatabase(): Buffer {
  const db = openDatabase(':memory:');
  try {
    return db.serialize();
  } finally {
    db.close();
  }
}

/** Empty tables for one world, and what it gives them back with. */
export interface BlankDatabase {
  readonly db: Database;
  giveBack(): void;
}

/** Of its own: whoever breaks promises may change its schema. */
export function openBlank(): BlankDatabase {
  const db = openDatabase(EMPTY);
  return { db, giveBack: () => void db.close() };
}

/** The one that worlds use one after the other: its statements are prepared by the first, and its rows go with each. */
export function createSharedBlank(): () => BlankDatabase {
  const db = openDatabase(EMPTY);
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta'")
    .pluck();
  const empty = tables.all().map((name) => db.prepare(`DELETE FROM ${name}`));
  const forgetMeta = db.prepare('DELETE FROM meta');
  const meta = db.prepare<[], Record<string, unknown>>('SELECT * FROM meta').get() ?? {};
  const putMeta = db.prepare(
    `INSERT INTO meta (${Object.keys(meta).join()}) VALUES (${Object.keys(meta).map((name) => `@${name}`)})`,
  );
  const prepareAnew = rememberStatements(db);
  /** In one go, and without the order that foreign keys would ask for. */
  const clear = (): void => {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.pragma('foreign_keys = OFF');
    db.transaction(() => {
      for (const statement of empty) statement.run();
      forgetMeta.run();
      putMeta.run(meta);
    })();
    db.pragma('foreign_keys = ON');
  };
  return () => {
    prepareAnew();
    return { db, giveBack: clear };
  };
}

/**
 * The engine of each world is made anew, and asks for the same statements in the same order. The nth statement of a text is that of
 * the world before: one that two nouns prepare stays two. What is answered begins another world.
 */
function rememberStatements(db: Database): () => void {
  const known = new Map<string, { readonly statements: Statement[]; next: number }>();
  const prepare = db.prepare.bind(db) as (sql: string) => Statement;
  const prepareOnce = (sql: string): Statement => {
    const of = known.get(sql) ?? { statements: [], next: 0 };
    known.set(sql, of);
    const statement = of.statements[of.next] ?? prepare(sql);
    of.statements[of.next] = statement;
    of.next += 1;
    return statement;
  };
  db.prepare = prepareOnce as Database['prepare'];
  return () => {
    for (const of of known.values()) of.next = 0;
  };
}
