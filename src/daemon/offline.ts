import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../config/paths.ts';
import { AppError } from '../contract/errors.ts';
import { prepareHome } from './home.ts';
import { copyClosedDatabase } from './store/copy-database.ts';
import { holdHome } from './store/daemon-lock.ts';
import { type WrittenBackup, writeBackup } from './upkeep/backup.ts';
import { type RestoredDatabase, type RestoreOptions, restoreDatabase } from './upkeep/restore.ts';
import { finishRestore } from './upkeep/take-place.ts';

/** What is done to a home while no daemon runs in it; AppError `daemon-running` where one does. */

export async function backUpHome(paths: Paths, file: string): Promise<WrittenBackup> {
  const missing = () => new AppError('not-found', `There is no database at ${paths.database}.`);
  if (!existsSync(dirname(paths.database))) throw missing();
  return await alone(paths, async () => {
    if (!existsSync(paths.database)) throw missing();
    return await writeBackup((draft) => copyClosedDatabase(paths.database, draft), file, paths);
  });
}

export async function restoreHome(
  paths: Paths,
  options: Omit<RestoreOptions, 'database' | 'now'>,
): Promise<RestoredDatabase> {
  prepareHome(paths, { shared: false });
  return await alone(paths, () => restoreDatabase({ ...options, database: paths.database, now: new Date() }));
}

async function alone<T>(paths: Paths, work: () => Promise<T>): Promise<T> {
  const lock = holdHome(paths.lock);
  try {
    await finishRestore(paths.database);
    return await work();
  } finally {
    lock.release();
  }
}
