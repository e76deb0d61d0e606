import { SANDBOX_NAMESPACES, SANDBOX_SYSTEM } from '../../contract/isolation.ts';
import type { SandboxLimits, SandboxPlace } from './place.ts';

/** Of /dev/shm, which is a tmpfs too. */
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;

export interface SandboxWish {
  readonly env: Readonly<Record<string, string>>;
  readonly network: boolean;
  readonly limits: Pick<SandboxLimits, 'temporaryBytes'>;
}

/** A file that bubblewrap reads from an open descriptor: its text is neither on a disk nor in an argument. */
export interface SandboxFile {
  readonly path: string;
  readonly mode: '0600' | '0644';
  readonly descriptor: number;
}

/**
 * The arguments of bubblewrap (0.8 or later) for one program: own user, PID, IPC, UTS, cgroup and mount namespaces, its own network
 * with only a loopback device unless it may use the machine's. They are handed over through a descriptor, since they hold the
 * values of the environment.
 */
export function bubblewrapArguments(
  place: SandboxPlace,
  { env, network, limits }: SandboxWish,
  files: readonly SandboxFile[],
): readonly string[] {
  const { home, readable, source, tools, workspace } = place;
  const tmpfs = (path: string, bytes: number, mode = '0700') => [
    ...['--perms', mode, '--size', String(bytes), '--tmpfs', path],
  ];
  return [
    ...SANDBOX_NAMESPACES,
    ...(network ? [] : ['--unshare-net']),
    ...['--clearenv', ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value])],
    ...SANDBOX_SYSTEM.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--proc', '/proc', '--dev', '/dev', ...tmpfs('/dev/shm', SHARED_MEMORY_BYTES, '1777')],
    ...tmpfs('/tmp', limits.temporaryBytes, '1777'),
    // Before what may be written, so that a tool that lies around it does not cover it.
    ...tools.flatMap((path) => ['--ro-bind', path, path]),
    ...(readable ?? []).flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--bind', workspace, workspace],
    ...(source === null
      ? []
      : [source.writable ? '--bind' : '--ro-bind', source.directory, source.directory]),
    ...(home.kept
      ? ['--bind', home.directory, home.directory]
      : tmpfs(home.directory, limits.temporaryBytes)),
    ...files.flatMap((file) => ['--perms', file.mode, '--file', String(file.descriptor), file.path]),
    // The machine's own root may write settings of the kernel there, and without this so could a program of its user.
    ...['--remount-ro', '/proc'],
    // What bubblewrap makes to hang these into is a tmpfs without a size.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', place.directory],
  ];
}
