import { AppError } from '../../contract/errors.ts';
import { isInside } from '../../contract/inside.ts';
import { SANDBOX_NAMESPACES, SANDBOX_SYSTEM } from '../../contract/isolation.ts';
import type { SandboxLimits, SandboxPlace } from './place.ts';

/** Of /dev/shm, which is a tmpfs too. */
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
/** Of what covers the server's home: places to hang in what a program may see of it, and nothing else. */
const COVER_BYTES = 1024 * 1024;

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
  const { home, source, workspace } = place;
  const tmpfs = (path: string, bytes: number, mode = '0700') => [
    ...['--perms', mode, '--size', String(bytes), '--tmpfs', path],
  ];
  const all = [
    ...SANDBOX_NAMESPACES,
    ...(network ? [] : ['--unshare-net']),
    ...['--clearenv', ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value])],
    ...SANDBOX_SYSTEM.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--proc', '/proc', '--dev', '/dev', ...tmpfs('/dev/shm', SHARED_MEMORY_BYTES, '1777')],
    ...tmpfs('/tmp', limits.temporaryBytes, '1777'),
    // Before what may be written, so that a tool that lies around it does not cover it.
    ...readOnly(place),
    ...['--bind', workspace, workspace],
    ...(source === null
      ? []
      : [source.writable ? '--bind' : '--ro-bind', source.directory, source.directory]),
    ...(home.kept
      ? ['--bind', home.directory, home.directory]
      : tmpfs(home.directory, limits.temporaryBytes)),
    ...files.flatMap((file) => [
      '--perms',
      file.mode,
      layOf(file, place),
      String(file.descriptor),
      file.path,
    ]),
    // The machine's own root may write settings of the kernel there, and without this so could a program of its user.
    ...['--remount-ro', '/proc'],
    // What bubblewrap makes to hang these into is a tmpfs without a size.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', place.directory],
  ];
  // They are handed over with a NUL between them: behind one in a value would stand an option of somebody else.
  if (all.some((one) => one.includes('\0')))
    throw new AppError(
      'sandbox-failed',
      'A value for a program holds the character NUL, which no program can be given.',
    );
  return all;
}

/** Tools and what else is read. The server's own home may lie below one of them, or below the system's: of it only what is named is there. */
function readOnly({ machine, readable, tools }: SandboxPlace): readonly string[] {
  const all = [
    ...tools.map((path) => ['--ro-bind', path, path] as const),
    ...(readable ?? []).map((path) => ['--ro-bind-try', path, path] as const),
  ];
  const server = machine.home;
  if (server === undefined) return all.flat();
  const cover = ['--perms', '0755', '--size', String(COVER_BYTES), '--tmpfs', server];
  return [
    ...all.filter(([, path]) => !isInside(path, server)).flat(),
    ...cover,
    ...all.filter(([, path]) => isInside(path, server)).flat(),
  ];
}

/** Into a HOME on the disk a file is hung from memory, read-only: what lies on the disk is an empty file of its name. */
function layOf({ path }: SandboxFile, { home }: SandboxPlace): '--file' | '--ro-bind-data' {
  return home.kept && isInside(path, home.directory) ? '--ro-bind-data' : '--file';
}
