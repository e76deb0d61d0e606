import { type Static, Type } from 'typebox';
import { OneOf } from './values.ts';

/**
 * What keeps a program that is not ours away from everything else, beside the permissions of its worker:
 * - `sandbox`: bubblewrap with namespaces of its own: it sees no other process, no file that is not its own, no bus, no socket;
 * - `processes`, `memory`: control groups, which hold for all that it starts together;
 * - `limits`: prlimit, which holds for each process: open files, processor time, size of a file.
 */
export const ISOLATION_PARTS = ['sandbox', 'processes', 'memory', 'limits'] as const;

/** `required`: nothing that is not ours runs without all parts. `preferred`: with those that the machine has. */
export const ISOLATION_WISHES = ['required', 'preferred'] as const;

export const IsolationPart = Type.Object({
  part: OneOf(ISOLATION_PARTS),
  enforced: Type.Boolean(),
  detail: Type.String({ description: 'why not; empty: it is' }),
  hint: Type.String({ description: 'how to get it; empty: it is there' }),
});

export const Isolation = Type.Object({
  wanted: OneOf(ISOLATION_WISHES),
  parts: Type.Array(IsolationPart),
});

export type IsolationPart = Static<typeof IsolationPart>;
export type Isolation = Static<typeof Isolation>;

/** Where the sandbox is older, two of its options are missing: no namespaces inside, and sizes of what lies in memory. */
export const BUBBLEWRAP_SINCE = [0, 8] as const;

/** Of util-linux: holds the limits of each process. */
export const PRLIMIT = '/usr/bin/prlimit';

/** Of every sandbox, also of the one that only tries whether there can be one. */
export const SANDBOX_NAMESPACES = [
  '--unshare-user',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup',
  // A namespace inside this one would be given back what the kernel lets only its own root do.
  '--disable-userns',
  '--cap-drop',
  'ALL',
  '--hostname',
  'sandbox',
  // No terminal to type into, and its end is the end of everything in it.
  '--new-session',
  '--die-with-parent',
] as const;

/** Programs, libraries and what they look up in /etc; read-only. Neither /run, /var, /sys nor any home is among them. */
export const SANDBOX_SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/gai.conf',
  '/etc/host.conf',
  '/etc/hosts',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/nsswitch.conf',
  '/etc/pki',
  '/etc/protocols',
  '/etc/resolv.conf',
  '/etc/services',
  '/etc/ssh/ssh_known_hosts',
  '/etc/ssl',
  '/etc/timezone',
] as const;
