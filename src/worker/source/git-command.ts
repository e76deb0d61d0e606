import { AppError } from '../../contract/errors.ts';
import type { SandboxMachine } from '../../contract/worker-protocol.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxLimits, type SandboxPlace } from '../sandbox/place.ts';
import { type OutputStream, runSandboxed } from '../sandbox/sandbox.ts';
import { type GitFiles, isLocal, localPath } from './git-files.ts';

const LAST_LINES = 5;
const ASKS_THE_OTHER_SIDE = ['ls-remote', 'fetch'];
/** Of prlimit, when it finds no such program. */
const NOT_FOUND = 127;
/** The time of the operation is its own matter. */
const LIMITS: Partial<SandboxLimits> = {
  timeMs: 24 * 3_600_000,
  graceMs: 2_000,
  outputBytes: 16 * 1024 * 1024,
};

/** Runs one Git command and answers its output. */
export type Git = (parameters: readonly string[]) => Promise<string>;

/** Git said no. */
export class GitRefusal extends Error {
  readonly stderr: string;

  constructor(command: string, stderr: string) {
    super(`git ${command}: ${lastLines(stderr)}`);
    this.name = 'GitRefusal';
    this.stderr = stderr;
  }
}

export interface GitParts {
  readonly directory: string;
  readonly home: string;
  readonly url: string;
  readonly files: GitFiles;
  readonly machine: SandboxMachine;
  readonly signal: AbortSignal;
}

/**
 * Git where only the source code, its own HOME and, for a moment, the secret exist: with nothing of this machine's configuration, no
 * prompt, no hook and no filter, and with the network only for what asks the other side.
 */
export function createGit({ directory, home, url, files, machine, signal }: GitParts): Git {
  const local = isLocal(url);
  const place: SandboxPlace = {
    workspace: home,
    home: { directory: home, kept: true },
    files: {},
    directory,
    source: { directory, writable: true },
    tools: [],
    readable: local ? [localPath(url)] : [files.knownHosts],
    machine,
  };
  const env = {
    ...machine.environment,
    HOME: home,
    TMPDIR: '/tmp',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: files.configuration,
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: files.sshCommand,
    GIT_LFS_SKIP_SMUDGE: '1',
    LC_ALL: 'C',
  };
  return async (parameters) => {
    const [command = ''] = parameters;
    const printed: Record<OutputStream, string[]> = { stdout: [], stderr: [] };
    const { exitCode, limit } = await runSandboxed(['git', ...parameters], place, {
      env,
      signal,
      network: !local && ASKS_THE_OTHER_SIDE.includes(command),
      limits: { ...DEFAULT_SANDBOX_LIMITS, ...LIMITS },
      onLine: (line, stream) => void printed[stream].push(line),
    });
    if (exitCode === NOT_FOUND)
      throw new AppError('git-failed', 'The program git is not installed on this machine.');
    if (limit !== null) throw new GitRefusal(command, `it was ended at its limit (${limit})`);
    const { stdout, stderr } = { stdout: printed.stdout.join('\n'), stderr: printed.stderr.join('\n') };
    if (exitCode !== 0) throw new GitRefusal(command, stderr || stdout);
    return stdout;
  };
}

/** Whole: it is cut when it is reported, after it was masked. */
function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-LAST_LINES).join(' / ');
}
