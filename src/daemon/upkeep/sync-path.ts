import { open } from 'node:fs/promises';

/** A file's content, or the names in a directory, are on the disk afterwards. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
