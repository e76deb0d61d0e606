import { execFile } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { leftoverName } from '../../contract/leftover.ts';

const run = promisify(execFile);

/**
 * Removes a directory of `work/` whatever a program made of it. Node names each file by its whole path, which may be longer than
 * the system takes, and enters no directory that was closed to it; the system's own tools walk from one to the next.
 * Rejects when something of it stays: then it is set aside as a leftover, and the next start tries again.
 */
export async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // What may not be opened up may be removable all the same.
    await run('/bin/chmod', ['-R', 'u+rwX', directory]).catch(() => undefined);
    await run('/bin/rm', ['-rf', directory]).catch((error: unknown) => setAside(directory, error));
  }
}

async function setAside(directory: string, error: unknown): Promise<never> {
  await rename(directory, join(dirname(directory), leftoverName(basename(directory))));
  throw error;
}
