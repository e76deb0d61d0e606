import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type CgroupPlace,
  cgroupName,
  findCgroupPlaces,
  HELD,
  type Held,
} from '../../config/cgroup-places.ts';
import type { Paths } from '../../config/paths.ts';
import {
  type CgroupBase,
  type CgroupLimits,
  endBase,
  endGroup,
  makeBase,
  makeGroup,
  refusals,
} from './cgroup-base.ts';

/** The control groups of the workers that start what is not ours. */
export interface Cgroups {
  /** What they hold on this machine. */
  readonly holds: readonly Held[];
  /** For one worker, by the name of its workspace; null: this machine gives none. */
  make(name: string, limits: CgroupLimits): Cgroup | null;
}

export interface Cgroup {
  readonly limits: CgroupLimits;
  add(pid: number): void;
  /** How often its processes met a limit. */
  refusals(): Readonly<Record<Held, number>>;
  /** Kills whatever is in it, and removes it. False: something is still there. */
  end(limitMs: number): Promise<boolean>;
}

/** Takes what this machine gives, of each kind once. */
export function openCgroups(
  paths: Pick<Paths, 'home' | 'cgroups'>,
  places: readonly CgroupPlace[] = findCgroupPlaces(),
): Cgroups {
  const name = cgroupName(paths.home);
  const bases: CgroupBase[] = [];
  for (const place of places) {
    const missing = place.holds.filter((one) => !bases.some(({ holds }) => holds.includes(one)));
    const base = missing.length === 0 ? null : makeBase({ ...place, holds: missing }, name);
    if (base !== null) bases.push(base);
  }
  // Before anything runs in one: whoever starts after a kill -9 finds it again, wherever it is started from.
  const kept = record(paths.cgroups, bases) ? bases : [];
  return {
    holds: HELD.filter((one) => kept.some(({ holds }) => holds.includes(one))),
    make: (group, limits) => (kept.length === 0 ? null : makeCgroup(kept, group, limits)),
  };
}

/** Ends what is left of an earlier run of this home. False: something hangs in the kernel. */
export async function endCgroups(paths: Pick<Paths, 'home' | 'cgroups'>, limitMs: number): Promise<boolean> {
  const ended = await Promise.all(
    recorded(paths.cgroups).map((base) => endBase(base, cgroupName(paths.home), limitMs)),
  );
  return ended.every(Boolean);
}

function makeCgroup(bases: readonly CgroupBase[], name: string, limits: CgroupLimits): Cgroup {
  const groups = bases.map((base) => makeGroup(base, name, limits));
  return {
    limits,
    add(pid) {
      for (const group of groups) writeFileSync(join(group, 'cgroup.procs'), String(pid));
    },
    refusals() {
      const all = groups.map(refusals);
      const most = (kind: Held) => Math.max(...all.map((one) => one[kind]));
      return { processes: most('processes'), memory: most('memory') };
    },
    async end(limitMs) {
      const ended = await Promise.all(groups.map((group) => endGroup(group, limitMs)));
      return ended.every(Boolean);
    },
  };
}

/** False: the disk takes nothing, so nothing is begun that nobody could find again. */
function record(file: string, bases: readonly CgroupBase[]): boolean {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, bases.map(({ directory }) => `${directory}\n`).join(''), { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

function recorded(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('/'));
  } catch {
    return [];
  }
}
