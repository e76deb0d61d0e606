import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** What a control group holds for all processes of a worker together. */
export const HELD = ['processes', 'memory'] as const;
export type Held = (typeof HELD)[number];

/** A directory in which this process may try to make control groups. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  readonly directory: string;
  readonly holds: readonly Held[];
}

const CONTROLLERS = { pids: 'processes', memory: 'memory' } as const satisfies Record<string, Held>;
type Controller = keyof typeof CONTROLLERS;

/**
 * Where groups of this process belong, the most fitting first: version 2 beside the process itself (as systemd delegates it), or at the
 * root; version 1 in each of the two hierarchies. See cgroups(7).
 */
export function findCgroupPlaces(read: (file: string) => string = readText): readonly CgroupPlace[] {
  const own = read('/proc/self/cgroup').split('\n').map(readMembership);
  const mounts = read('/proc/self/mountinfo').split('\n').flatMap(readMount);
  return [
    ...mounts.filter(({ type }) => type === 'cgroup2').flatMap((mount) => unified(mount, own, read)),
    ...mounts.filter(({ type }) => type === 'cgroup').flatMap((mount) => separate(mount, own)),
  ];
}

/** Of all workers of one home; no other home's has the same. */
export function cgroupName(home: string): string {
  const real = existsSync(home) ? realpathSync(home) : home;
  return `sfp-server-${createHash('sha256').update(real).digest('hex').slice(0, 12)}`;
}

interface Membership {
  readonly controllers: readonly string[];
  readonly path: string;
}

/** `4:memory:/path`; in version 2 `0::/path`. */
function readMembership(line: string): Membership {
  const [, controllers = '', ...path] = line.split(':');
  return { controllers: controllers.split(','), path: path.join(':') };
}

interface Mount {
  /** Which part of the hierarchy is mounted. */
  readonly root: string;
  readonly directory: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** proc_pid_mountinfo(5): optional fields end with a dash. */
function readMount(line: string): readonly Mount[] {
  const [before = '', after] = line.split(' - ');
  if (after === undefined) return [];
  const [, , , root = '/', directory = ''] = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  return [{ root, directory, type, options: options.split(',') }];
}

function unified(
  mount: Mount,
  own: readonly Membership[],
  read: (file: string) => string,
): readonly CgroupPlace[] {
  const path = own.find(({ controllers }) => controllers[0] === '')?.path ?? '/';
  const directories = [...new Set([below(mount, path), mount.directory])];
  return directories.flatMap((directory) => {
    const given = read(join(directory, 'cgroup.controllers')).trim().split(' ');
    const holds = heldBy(given);
    return holds.length === 0 ? [] : [{ version: 2, directory, holds } as const];
  });
}

function separate(mount: Mount, own: readonly Membership[]): readonly CgroupPlace[] {
  const holds = heldBy(mount.options);
  const path = own.find(({ controllers }) => heldBy(controllers).some((one) => holds.includes(one)))?.path;
  return holds.length === 0 || path === undefined
    ? []
    : [{ version: 1, directory: below(mount, path), holds }];
}

function heldBy(controllers: readonly string[]): readonly Held[] {
  const known = Object.keys(CONTROLLERS) as Controller[];
  return known.filter((one) => controllers.includes(one)).map((one) => CONTROLLERS[one]);
}

function below({ root, directory }: Mount, path: string): string {
  const rest = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  return join(directory, rest);
}

/** What is missing reads as empty. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
