import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Only root may mount; a container may forbid even that. */
export const canMount = ((): boolean => {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]).status === 0;
  if (mounted) spawnSync('umount', [directory]);
  rmdirSync(directory);
  return mounted;
})();

/** A disk of its own, in memory. */
export interface SmallDisk {
  readonly directory: string;
  /** To the last byte. */
  fill(): void;
  makeRoom(): void;
  remount(how: 'ro' | 'rw'): void;
  remove(): void;
}

export function mountSmallDisk(megabytes: number): SmallDisk {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-disk-'));
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory);
  const filler = join(directory, 'filler');
  return {
    directory,
    fill: () => fill(filler),
    makeRoom: () => rmSync(filler, { force: true }),
    remount: (how) => run('mount', '-o', `remount,${how}`, directory),
    remove() {
      run('umount', '-l', directory);
      rmdirSync(directory);
    },
  };
}

/** A disk with a file system as servers have it, which turns read-only by itself while it is in use, as after an error. */
export interface FailingDisk {
  readonly directory: string;
  fail(): void;
  /** A file of it, or what it may be again; also for whoever has it open. */
  setWritable(file: string, writable: boolean): void;
  remove(): void;
}

export function mountFailingDisk(megabytes: number): FailingDisk {
  const place = mkdtempSync(join(tmpdir(), 'sfp-disk-'));
  const image = join(place, 'image');
  const directory = join(place, 'disk');
  mkdirSync(directory);
  closeSync(openSync(image, 'w'));
  truncateSync(image, megabytes * 1024 * 1024);
  run('mkfs.ext4', '-q', image);
  run('mount', '-o', 'loop', image, directory);
  return {
    directory,
    fail: () => run('mount', '-o', 'remount,abort', directory),
    setWritable: (file, writable) => run('chattr', writable ? '-i' : '+i', file),
    remove() {
      run('umount', '-l', directory);
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** A container may allow a disk in memory, and have no loop devices; whoever runs the tests is told what they did not see. */
export const canMountFailingDisk = ((): boolean => {
  if (!canMount) return false;
  try {
    mountFailingDisk(8).remove();
    return true;
  } catch (error) {
    console.warn(`A disk that turns read-only cannot be tried here: ${(error as Error).message}`);
    return false;
  }
})();

function fill(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (const bytes of [1024 * 1024, 4_096]) {
      const piece = Buffer.alloc(bytes, 1);
      while (written(descriptor, piece));
    }
  } finally {
    closeSync(descriptor);
  }
}

function written(descriptor: number, piece: Buffer): boolean {
  try {
    return writeSync(descriptor, piece) === piece.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

function run(command: string, ...words: string[]): void {
  const { status, stderr } = spawnSync(command, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
}
