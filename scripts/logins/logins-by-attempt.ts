import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Paths } from '../../src/config/paths.ts';
import { LOGIN_IN_USE } from '../../src/contract/worker-protocol.ts';

/** How often the worker of each attempt logged in, as the org saw it. */
export interface LoginsByAttempt {
  /** The org has given a session and its answer is not on its way: the worker that asked for it has its login in use. */
  given(): void;
  /** Attempts with more than one login, and logins that are nobody's. */
  beyond(): readonly string[];
}

export function countLogins(paths: () => Pick<Paths, 'work' | 'database'>): LoginsByAttempt {
  const logins = new Map<string, number>();
  return {
    given() {
      const by = whoLogsIn(paths());
      logins.set(by, (logins.get(by) ?? 0) + 1);
    },
    beyond: () =>
      [...logins]
        .filter(([by, times]) => times > 1 || by === NOBODY)
        .map(([by, times]) => `${by}: ${times} logins`),
  };
}

const NOBODY = 'no attempt that is known';

/** One at a time has it in use; which attempt a workspace is of, the server has written down before the worker began. */
function whoLogsIn({ work, database }: Pick<Paths, 'work' | 'database'>): string {
  const inUse = readdirSync(work).filter((name) => existsSync(join(work, name, LOGIN_IN_USE)));
  if (inUse.length !== 1) return NOBODY;
  const db = new BetterSqlite3(database, { readonly: true });
  try {
    const by = db
      .prepare<[string], string>(
        "SELECT operation || ', attempt ' || attempt FROM workers WHERE marker LIKE ? || ':%'",
      )
      .pluck()
      .get(inUse[0] ?? '');
    return by ?? NOBODY;
  } finally {
    db.close();
  }
}
