import { lstat, opendir, statfs } from 'node:fs/promises';
import { join } from 'node:path';

const LOOK_MS = 250;
/** How often the tree is walked although the disk says that it cannot have grown so much: others may have made room. */
const WALK_EVERY = 20;
const BLOCK_BYTES = 512;
/** Files take room that no size shows. */
const FILE_LIMIT = 500_000;
/** What is left of the disk for everybody else. */
const FLOOR_BYTES = 64 * 1024 * 1024;
const GONE = ['ENOENT', 'ENOTDIR'];

export interface DiskWatchOptions {
  /** On one disk, and not inside each other. */
  readonly directories: readonly string[];
  readonly limitBytes: number;
  readonly exceeded: () => void;
}

/**
 * Looks while a program runs whether what it may write grows beyond the limit, or takes the last of the disk: what was
 * deleted while it is open has no size of its own. Where nobody can look, because a directory is closed or lies too deep for
 * its path to be named, there may be anything: that is beyond every limit.
 */
export function watchDisk({ directories, exceeded, limitBytes }: DiskWatchOptions): { stop(): void } {
  const [first = '/'] = directories;
  let looks = 0;
  let before: number | null = null;
  let atStart: number | null = null;
  let size = 0;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  const isTooMuch = async (): Promise<boolean> => {
    const free = await freeBytes(first);
    atStart ??= free;
    before ??= free;
    if (free < Math.min(FLOOR_BYTES, atStart / 2)) return true;
    looks += 1;
    if (before - free < limitBytes - size && looks % WALK_EVERY !== 0) return false;
    before = free;
    size = 0;
    for (const directory of directories) size += await sizeOf(directory, limitBytes);
    return size > limitBytes;
  };
  const look = async (): Promise<void> => {
    // A file that is gone by now is no reason to end anything.
    if (await isTooMuch().catch(() => false)) exceeded();
    else if (!stopped) timer = setTimeout(() => void look(), LOOK_MS).unref();
  };
  void look();
  return {
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** No further than to the limit. */
async function sizeOf(root: string, limitBytes: number): Promise<number> {
  const todo = [root];
  let bytes = 0;
  let files = 0;
  try {
    for (let directory = todo.pop(); directory !== undefined; directory = todo.pop()) {
      for await (const entry of (await unlessGone(opendir(directory))) ?? []) {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) todo.push(path);
        bytes += ((await unlessGone(lstat(path)))?.blocks ?? 0) * BLOCK_BYTES;
        files += 1;
        if (bytes > limitBytes || files > FILE_LIMIT) return limitBytes + 1;
      }
    }
  } catch {
    return limitBytes + 1;
  }
  return bytes;
}

/** Null: the program removed it meanwhile, or made something else of it. */
async function unlessGone<T>(looked: Promise<T>): Promise<T | null> {
  try {
    return await looked;
  } catch (error) {
    if (GONE.includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
