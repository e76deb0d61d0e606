import { existsSync } from 'node:fs';
import { chmod, constants, copyFile, rm } from 'node:fs/promises';
import { AppError } from '../../contract/errors.ts';
import { beginHistory, checkBackup, type RestoredWork, readRevocations } from '../store/restored-database.ts';
import { fateOf } from './restored-work.ts';
import { syncPath } from './sync-path.ts';
import { takePlace } from './take-place.ts';

export interface RestoreOptions {
  readonly backup: string;
  readonly database: string;
  /** An existing database is laid aside; otherwise it is left alone. */
  readonly replace: boolean;
  /** Nothing ran after the backup was made: all of its work goes on. */
  readonly continueWork: boolean;
  /** Every API token of the backup, also where it is known which were revoked since. */
  readonly revokeTokens: boolean;
  readonly now: Date;
}

export interface RestoredDatabase extends RestoredWork {
  /** Where the former database lies now. */
  readonly laidAside: string | null;
  /**
   * API tokens of the backup that work again though nobody knows whether they were revoked since: 0 where the former database
   * could say so.
   */
  readonly doubtfulTokens: number;
}

/**
 * Puts a backup in the place of the database. Nobody else may hold the home. Everything is done to a copy, which then takes
 * the place (`takePlace`): a kill before leaves all as it was, and one after it the restored database.
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
    const revoked = readRevocations(database);
    const { validTokens, ...work } = beginHistory(draft, {
      now: now.toISOString(),
      fateOf: fate,
      revoked: options.revokeTokens ? 'all' : (revoked ?? []),
    });
    await syncPath(draft);
    const doubtfulTokens = revoked === null ? validTokens : 0;
    return { ...work, doubtfulTokens, laidAside: await takePlace(draft, database, now) };
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

async function removeWithWal(file: string): Promise<void> {
  for (const end of ['', '-wal', '-shm', '-journal']) await rm(`${file}${end}`, { force: true });
}
