import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { zipSync } from 'fflate';
import { checkSize, DEPLOYMENT_LIMIT } from './limits.ts';

/** A fixed time, so that the same files make the same zip; the earliest that the format knows. */
const MODIFIED = new Date(1980, 0, 1);

/** Zips a directory in metadata format as it is, without hidden files. */
export async function zipMetadata(directory: string): Promise<Buffer> {
  const files = await listFiles(directory);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  checkSize(
    'The deployment',
    { files: files.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) },
    DEPLOYMENT_LIMIT,
  );
  const content: Record<string, Uint8Array> = {};
  for (const file of files) {
    content[relative(directory, file).split(sep).join('/')] = await readFile(file);
  }
  return Buffer.from(zipSync(content, { level: 6, mtime: MODIFIED }));
}

async function listFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const visible = entries
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const lists = await Promise.all(
    visible.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return lists.flat();
}
