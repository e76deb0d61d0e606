import { existsSync } from 'node:fs';
import { chmod, constants, copyFile, link, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { beginHistory, checkBackup, emptyWal, type RestoredWork } from '../store/restored-database.ts';
import { fateOf } from './restored-work.ts';
import { syncPath } from './sync-path.ts';

export interface RestoreOptions {
  readonly backup: string;
  readonly database: string;
  /** An existing database is laid aside; otherwise it is left alone. */
  readonly replace: boolean;
  /** Nothing ran after the backup was made: all of its work goes on. */
  readonly continueWork: boolean;
  readonly now: Date;
}

export interface RestoredDatabase extends RestoredWork {
  /** Where the former database lies now. */
  readonly laidAside: string | null;
}

/**
 * Puts a backup in the place of the database. Nobody else may hold the home. Everything is done to a copy, which then takes
 * the place in one step: a kill before leaves all as it was, and one after it the restored database.
 *
 * @throws AppError file-exists, backup-invalid, store-unavailable
 */
export async function restoreDatabase(options: RestoreOptions): Promise<RestoredDatabase> {
  const { backup, database, now } = options;
  if (existsSync(database) && !options.replace) {
    throw new AppError('file-exists', `There is a database at ${database} already.`, {
      hint: 'Restore with --replace: the database that is there is laid aside, and nothing is deleted.',
    });
  }
  const draft = `${database}.restoring`;
  try {
    await removeWithWal(draft);
    await copyBackup(backup, draft);
    checkBackup(draft, backup);
    const fate = options.continueWork ? null : (work: Parameters<typeof fateOf>[0]) => fateOf(work, now);
    const work = beginHistory(draft, { now: now.toISOString(), fateOf: fate });
    await syncPath(draft);
    const laidAside = existsSync(database) ? await layAside(database, now) : null;
    await rename(draft, database);
    await syncPath(dirname(database));
    return { ...work, laidAside };
  } finally {
    await removeWithWal(draft);
  }
}

async function copyBackup(backup: string, draft: string): Promise<void> {
  try {
    await copyFile(backup, draft, constants.COPYFILE_EXCL);
    await chmod(draft, 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new AppError('not-found', `There is no file ${backup}.`, { cause: error });
    throw new AppError('backup-failed', `${backup} could not be copied: ${message}.`, { cause: error });
  }
}

/**
 * Under its own name until the new one takes that. A WAL must not stay beside the new one, which it does not belong to: a
 * healthy database has none after this; that of a damaged one is laid aside with it.
 */
async function layAside(database: string, now: Date): Promise<string> {
  const aside = `${database}.replaced-${now.toISOString().replaceAll(':', '-')}`;
  emptyWal(database);
  await link(database, aside);
  for (const end of ['-wal', '-shm']) {
    if (existsSync(`${database}${end}`)) await rename(`${database}${end}`, `${aside}${end}`);
  }
  return aside;
}

async function removeWithWal(file: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal']) await rm(`${file}${end}`, { force: true });
}
