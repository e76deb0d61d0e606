import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces a file as a whole: a reader, and a machine that lost its power, sees the old content or the new one. */
export async function replaceFile(file: string, content: string | Buffer): Promise<void> {
  await withTemporary(file, content, async (temporary) => rename(temporary, file));
  await syncDirectory(dirname(file));
}

/** Makes a file that is not there yet. False: it is. */
export async function createFile(file: string, content: string | Buffer): Promise<boolean> {
  try {
    await withTemporary(file, content, async (temporary) => link(temporary, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await syncDirectory(dirname(file));
  return true;
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function withTemporary(
  file: string,
  content: string | Buffer,
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}
