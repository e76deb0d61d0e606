import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { AppError } from '../../contract/errors.ts';
import { syncPath } from './sync-path.ts';

export interface WrittenBackup {
  readonly file: string;
  readonly bytes: number;
}

/** What the server removes by itself: workspaces at its start, uploads after their time. */
export type Swept = Pick<Paths, 'work' | 'uploads'>;

/**
 * Writes a backup under a name that nobody has yet, readable by the owner alone. A kill or a power cut leaves all of it under
 * that name, or nothing.
 *
 * @throws AppError file-exists, backup-failed, invalid-request: it would be removed again
 */
export async function writeBackup(
  copy: (draft: string) => Promise<void>,
  file: string,
  swept: Swept,
): Promise<WrittenBackup> {
  refuseSwept(file, swept);
  if (existsSync(file)) throw exists(file);
  const draft = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    await (await open(draft, 'wx', 0o600)).close();
    await copy(draft);
    await syncPath(draft);
    await link(draft, file);
    await syncPath(dirname(file));
    return { file, bytes: (await stat(file)).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(file);
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError(
      'backup-failed',
      `The backup ${file} could not be written: ${why.replace(/\.?$/, '.')}`,
      {
        cause: error,
      },
    );
  } finally {
    for (const left of [draft, `${draft}-journal`, `${draft}-wal`, `${draft}-shm`]) {
      await rm(left, { force: true });
    }
  }
}

function refuseSwept(file: string, { work, uploads }: Swept): void {
  const directory = real(dirname(file));
  const over = [work, uploads].find((place) => `${directory}${sep}`.startsWith(`${real(place)}${sep}`));
  if (over === undefined) return;
  throw new AppError('invalid-request', `The server empties ${over}, and would delete the backup ${file}.`, {
    hint: 'Choose another place, best on another disk.',
  });
}

/** Where it is not there, writing says so. */
function real(directory: string): string {
  return existsSync(directory) ? realpathSync(directory) : directory;
}

function exists(file: string): AppError {
  return new AppError('file-exists', `There is a file ${file} already.`);
}
