import type { Database } from 'better-sqlite3';
import { AppError } from '../../contract/errors.ts';
import { initial } from './migrations/0001-initial.ts';
import { schedules } from './migrations/0002-schedules.ts';
import { lanes } from './migrations/0003-lanes.ts';
import { retention } from './migrations/0004-retention.ts';
import { workerLoss } from './migrations/0005-worker-loss.ts';
import { workerMarker } from './migrations/0006-worker-marker.ts';
import { enqueue } from './migrations/0007-enqueue.ts';
import { turns } from './migrations/0008-turns.ts';
import { locks } from './migrations/0009-locks.ts';
import { overrides } from './migrations/0010-overrides.ts';
import { pools } from './migrations/0011-pools.ts';
import { fencesAfterRestore } from './migrations/0012-fences-after-a-restore.ts';

/** In order; the database's `user_version` is how many of them it has seen. */
const MIGRATIONS: readonly ((db: Database) => void)[] = [
  initial,
  schedules,
  lanes,
  retention,
  workerLoss,
  workerMarker,
  enqueue,
  turns,
  locks,
  overrides,
  pools,
  fencesAfterRestore,
];

export const DATABASE_VERSION = MIGRATIONS.length;

/** Brings a database to this version, or to the earlier one that is wanted, each step in a transaction of its own. */
export function migrate(db: Database, upTo = DATABASE_VERSION): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > MIGRATIONS.length) {
    throw new AppError(
      'store-unavailable',
      `The database ${db.name} has version ${version} and this sfp-server knows ${MIGRATIONS.length}.`,
      { hint: 'Install the newer sfp-server that wrote it, or use another SFP_SERVER_HOME.' },
    );
  }
  MIGRATIONS.slice(version, upTo).forEach((step, index) => {
    db.transaction(() => {
      step(db);
      db.pragma(`user_version = ${version + index + 1}`);
    })();
  });
}
