import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { syncPath } from './sync-path.ts';

export interface WrittenBackup {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Writes a backup under a name that nobody has yet, readable by the owner alone. A kill or a power cut leaves all of it under
 * that name, or nothing.
 *
 * @throws AppError file-exists, backup-failed
 */
export async function writeBackup(
  copy: (draft: string) => Promise<void>,
  file: string,
): Promise<WrittenBackup> {
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

function exists(file: string): AppError {
  return new AppError('file-exists', `There is a file ${file} already.`);
}
