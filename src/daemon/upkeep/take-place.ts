import { existsSync } from 'node:fs';
import { link, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncPath } from './sync-path.ts';

/** Of a database that is whole and takes the place of another: from the moment it has this name there is no way back. */
const RESTORED = '.restored-';
const REPLACED = '.replaced-';

/**
 * Puts a finished draft in the place of a database. A database is two files, itself and its WAL, which cannot be changed in
 * one step; the name of the draft can. A kill before that leaves the former database with its WAL; after it `finishRestore`
 * goes on. Answers where the former database lies now.
 */
export async function takePlace(draft: string, database: string, now: Date): Promise<string | null> {
  const time = now.toISOString().replaceAll(':', '-');
  const laidAside = existsSync(database) ? `${database}${REPLACED}${time}` : null;
  await rename(draft, `${database}${RESTORED}${time}`);
  await syncPath(dirname(database));
  await finishRestore(database);
  return laidAside;
}

/**
 * What a restore had decided when it was killed; each step may have been done before. The former database is laid aside, and
 * its WAL with it: the restored one would be filled with what belongs to the other. At no moment is there no database.
 */
export async function finishRestore(database: string): Promise<void> {
  const directory = dirname(database);
  const start = `${basename(database)}${RESTORED}`;
  const restored = (await readdir(directory)).find((name) => name.startsWith(start));
  if (restored === undefined) return;
  const aside = `${database}${REPLACED}${restored.slice(start.length)}`;
  if (existsSync(`${database}-wal`)) await rename(`${database}-wal`, `${aside}-wal`);
  await rm(`${database}-shm`, { force: true });
  if (existsSync(database) && !existsSync(aside)) await link(database, aside);
  await syncPath(directory);
  await rename(join(directory, restored), database);
  await syncPath(directory);
}
