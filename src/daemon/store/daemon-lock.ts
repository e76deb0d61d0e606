import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { AppError } from '../../contract/errors.ts';
import { unavailable } from './failure.ts';

/** Two that start at once may both see the file busy for a moment; one of them gets it on its next try. */
const BUSY_TIMEOUT_MS = 500;

/**
 * Makes this process the only daemon of its home until `release` or its end, however it ends: the system gives the lock of a
 * killed process back. The file beside the lock tells others the pid; it is only a note.
 *
 * @throws AppError daemon-running: another process holds the home
 */
export function holdHome(lockFile: string): { release(): void } {
  mkdirSync(dirname(lockFile), { recursive: true, mode: 0o700 });
  const note = `${lockFile}.pid`;
  const db = lock(lockFile, note);
  writeFileSync(note, `${process.pid}\n`, { mode: 0o600 });
  return {
    release() {
      if (!db.open) return;
      rmSync(note, { force: true });
      db.close();
    },
  };
}

function lock(lockFile: string, note: string): Database {
  const db = open(lockFile);
  try {
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw useless(lockFile, error);
    const pid = holder(note);
    const who = pid === null ? 'Another daemon' : `The daemon with pid ${pid}`;
    throw new AppError('daemon-running', `${who} already runs in this home (lock: ${lockFile}).`);
  }
}

function open(lockFile: string): Database {
  try {
    return new BetterSqlite3(lockFile, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw unavailable(error);
  }
}

/** Nothing is lost with it: the lock is all that the file is for. */
function useless(lockFile: string, cause: unknown): AppError {
  const trouble = unavailable(cause);
  if (trouble.code !== 'store-damaged') return trouble;
  return new AppError('store-unavailable', `The lock ${lockFile} cannot be used.`, {
    cause,
    hint: 'Remove the file while no server runs, and start again.',
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function holder(note: string): string | null {
  try {
    return /^\d+/.exec(readFileSync(note, 'utf8'))?.[0] ?? null;
  } catch {
    return null;
  }
}
