import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Retention } from '../../contract/retention.ts';

const MEGABYTE = 1024 * 1024;
const DAY_MS = 86_400_000;

interface Kept {
  readonly directory: string;
  readonly changedAt: number;
  readonly bytes: number;
}

/** Removes what commands have kept, operation by operation, the oldest first, until the rest is within the limits. */
export async function keepArtifacts(
  artifacts: string,
  limits: Retention['artifacts'],
  now: Date,
): Promise<void> {
  let bytes = 0;
  for (const one of (await listKept(artifacts)).toReversed()) {
    bytes += one.bytes;
    const over = bytes > limits.atMostMegabytes * MEGABYTE;
    if (over || now.getTime() - one.changedAt > limits.days * DAY_MS) {
      await rm(one.directory, { recursive: true, force: true });
    }
  }
}

/** One directory for each operation; the oldest first. */
async function listKept(artifacts: string): Promise<readonly Kept[]> {
  const names = await readdir(artifacts).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const directory = join(artifacts, name);
      const known = await stat(directory).catch(() => null);
      if (known?.isDirectory() !== true) return [];
      return [{ directory, changedAt: known.mtimeMs, bytes: await sizeOf(directory) }];
    }),
  );
  return found.flat().sort((one, other) => one.changedAt - other.changedAt);
}

async function sizeOf(directory: string): Promise<number> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name)).catch(() => null))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
