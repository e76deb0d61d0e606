import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { CgroupPlace, Held } from '../../config/cgroup-places.ts';
import { readStat, signal } from './processes.ts';

const LOOK_AGAIN_MS = 10;
/** Of version 2: where the daemon itself goes, since a group with processes hands nothing on to groups below it. */
const OWN_GROUP = 'daemon';

/** A directory of our own, below which each worker gets its group. */
export interface CgroupBase {
  readonly version: 1 | 2;
  readonly directory: string;
  readonly holds: readonly Held[];
}

export interface CgroupLimits {
  readonly processes: number;
  readonly memoryBytes: number;
}

/** Null: this process may not. Nothing is left of the attempt. */
export function makeBase(place: CgroupPlace, name: string): CgroupBase | null {
  const directory = join(place.directory, name);
  try {
    if (place.version === 2) makeRoomFor(place.directory);
    makeDirectory(directory);
    if (place.version === 2) handOn(directory, place.holds);
    return { version: place.version, directory, holds: place.holds };
  } catch {
    removeQuietly(directory);
    return null;
  }
}

/** The group is ours alone to rearrange only when nobody else is in it; the root may have processes beside groups. */
function makeRoomFor(directory: string): void {
  const holds = readFileSync(join(directory, 'cgroup.controllers'), 'utf8').trim().split(' ');
  const handed = readFileSync(join(directory, 'cgroup.subtree_control'), 'utf8').trim().split(' ');
  const wanted = ['pids', 'memory'].filter((one) => holds.includes(one));
  if (wanted.every((one) => handed.includes(one))) return;
  const isRoot = !readdirSync(directory).includes('cgroup.type');
  if (!isRoot) {
    const all = processesOf(directory);
    if (!all.every(isOurs)) throw new Error('other processes are in the group');
    makeDirectory(join(directory, OWN_GROUP));
    for (const pid of all) writeFileSync(join(directory, OWN_GROUP, 'cgroup.procs'), String(pid));
  }
  writeFileSync(join(directory, 'cgroup.subtree_control'), wanted.map((one) => `+${one}`).join(' '));
}

function isOurs(pid: number): boolean {
  return pid === process.pid || readStat(pid)?.parent === process.pid;
}

function handOn(directory: string, holds: readonly Held[]): void {
  const controllers = holds.map((one) => (one === 'processes' ? '+pids' : '+memory'));
  writeFileSync(join(directory, 'cgroup.subtree_control'), controllers.join(' '));
}

/** The group of one worker; its processes are put into it afterwards. */
export function makeGroup(
  { directory, holds, version }: CgroupBase,
  name: string,
  limits: CgroupLimits,
): string {
  const group = join(directory, name);
  mkdirSync(group, { mode: 0o755 });
  if (holds.includes('processes')) writeFileSync(join(group, 'pids.max'), String(limits.processes));
  if (!holds.includes('memory')) return group;
  const bytes = String(limits.memoryBytes);
  if (version === 2) writeFileSync(join(group, 'memory.max'), bytes);
  else writeFileSync(join(group, 'memory.limit_in_bytes'), bytes);
  // Without swap accounting there is no such file, and then no limit of it either.
  writeIfThere(
    join(group, version === 2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes'),
    version === 2 ? '0' : bytes,
  );
  return group;
}

/** False: something is still there after the limit. */
export async function endGroup(group: string, limitMs: number): Promise<boolean> {
  // Nothing new from here on: a program that forks faster than it is killed would never be gone.
  writeIfThere(join(group, 'pids.max'), '0');
  const deadline = performance.now() + limitMs;
  for (;;) {
    writeIfThere(join(group, 'cgroup.kill'), '1');
    for (const pid of processesOf(group)) signal(pid, 'SIGKILL');
    if (removeQuietly(group)) return true;
    if (performance.now() > deadline) return false;
    await wait(LOOK_AGAIN_MS);
  }
}

/** How often processes of the group met its limits. */
export function refusals(group: string): Readonly<Record<Held, number>> {
  const read = (file: string, pattern: RegExp): number =>
    Number(pattern.exec(readIfThere(join(group, file)))?.[1] ?? 0);
  return {
    processes: read('pids.events', /^max (\d+)/m),
    memory: read('memory.events', /^oom_kill (\d+)/m) + read('memory.oom_control', /^oom_kill (\d+)/m),
  };
}

/** What an earlier run left below a base, and the base itself. Only what carries our name is touched. */
export async function endBase(base: string, name: string, limitMs: number): Promise<boolean> {
  if (basename(base) !== name) return true;
  const groups = groupsIn(base);
  const ended = await Promise.all(groups.map((group) => endGroup(join(base, group), limitMs)));
  removeQuietly(base);
  return ended.every(Boolean);
}

function groupsIn(base: string): readonly string[] {
  try {
    return readdirSync(base, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
  } catch {
    return [];
  }
}

export function processesOf(group: string): readonly number[] {
  return readIfThere(join(group, 'cgroup.procs'))
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function writeIfThere(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'r+' });
  } catch {
    // Another version, or the group is gone.
  }
}

/** Not with `recursive`, which tries for ever where the kernel's file systems say no. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** True: it is gone. */
function removeQuietly(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
