import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupPlace } from './cgroup-places.ts';

const FILES = { processes: 'pids.max', memory: 'memory.limit_in_bytes' } as const;

/**
 * Whether a server that was started from here could make its groups there: that a directory may be written says little, since
 * version 2 hands nothing on to groups below one that has processes. Makes a group, and removes it again.
 */
export function tryCgroupPlace({ directory, holds, version }: CgroupPlace): boolean {
  const trial = join(directory, `sfp-server-trial-${process.pid}`);
  try {
    mkdirSync(trial);
  } catch {
    return false;
  }
  try {
    return version === 2 ? handsOn(directory) : holds.every((one) => existsSync(join(trial, FILES[one])));
  } finally {
    rmdirSync(trial);
  }
}

/** It does already, or is the root, or has nobody in it whom the server would not take elsewhere. */
function handsOn(directory: string): boolean {
  const wordsOf = (name: string) => readText(join(directory, name)).split(/\s+/).filter(Boolean);
  const wanted = ['pids', 'memory'].filter((one) => wordsOf('cgroup.controllers').includes(one));
  if (wanted.every((one) => wordsOf('cgroup.subtree_control').includes(one))) return true;
  if (!existsSync(join(directory, 'cgroup.type'))) return true;
  return wordsOf('cgroup.procs').every((pid) => Number(pid) === process.pid || isChild(pid));
}

/** What this process runs at the moment, such as the trial of a sandbox. */
function isChild(pid: string): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
}

/** What is missing reads as empty. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
