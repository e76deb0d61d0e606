import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  BUBBLEWRAP_SINCE,
  type IsolationPart,
  SANDBOX_NAMESPACES,
  SANDBOX_SYSTEM,
} from '../contract/isolation.ts';
import { programPath } from './program-path.ts';

const LIMIT_MS = 10_000;

/** Whether this process can make a sandbox: it makes one, and runs nothing in it. */
export interface SandboxProbe {
  /** The program bwrap, when it works; null: no sandbox. */
  readonly bubblewrap: string | null;
  readonly part: IsolationPart;
}

const INSTALL = 'Install bubblewrap 0.8 or later (Debian and Ubuntu: apt-get install bubblewrap).';
const ALLOW =
  'Let this user make user namespaces: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, or an AppArmor profile for bwrap; in a container, more than its default security profile.';

export async function probeSandbox(program: string | null = programPath('bwrap')): Promise<SandboxProbe> {
  if (program === null) return without('bubblewrap is not installed', INSTALL);
  try {
    const version = (await run(program, ['--version'])).trim().replace(/^bubblewrap /, '');
    if (!isLateEnough(version)) return without(`bubblewrap ${version} is too old`, INSTALL);
    await run(program, [...TRIAL, '--', '/usr/bin/env', 'true']);
    return { bubblewrap: program, part: { part: 'sandbox', enforced: true, detail: '', hint: '' } };
  } catch (error) {
    return without(`bubblewrap could not make a sandbox: ${reasonOf(error)}`, ALLOW);
  }
}

/** Everything that may be forbidden: namespaces, /proc, a network of its own, sized file systems in memory. */
const TRIAL = [
  ...SANDBOX_NAMESPACES,
  '--unshare-net',
  ...SANDBOX_SYSTEM.flatMap((path) => ['--ro-bind-try', path, path]),
  ...['--proc', '/proc', '--dev', '/dev', '--size', '1048576', '--tmpfs', '/tmp'],
  ...['--remount-ro', '/proc', '--remount-ro', '/'],
];

function without(detail: string, hint: string): SandboxProbe {
  return { bubblewrap: null, part: { part: 'sandbox', enforced: false, detail, hint } };
}

function isLateEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > BUBBLEWRAP_SINCE[0] || (major === BUBBLEWRAP_SINCE[0] && minor >= BUBBLEWRAP_SINCE[1]);
}

async function run(program: string, words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, words, { env: {}, timeout: LIMIT_MS });
  return stdout;
}

function reasonOf(error: unknown): string {
  const { message, stderr } = error as { message: string; stderr?: string };
  return (
    (stderr ?? '')
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^bwrap: /, '') || message
  );
}
