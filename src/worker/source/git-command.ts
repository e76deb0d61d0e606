import { execa } from 'execa';
import { AppError } from '../../contract/errors.ts';
import { cutText } from '../../contract/limits.ts';
import type { GitFiles } from './git-files.ts';

const LAST_LINES = 5;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
/** From SIGTERM to SIGKILL. */
const KILL_DELAY_MS = 2_000;

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
  readonly files: GitFiles;
  readonly signal: AbortSignal;
}

/** Git in its own process group, with nothing of this machine's configuration, no prompt, no hook and no way to the keychain. */
export function createGit({ directory, home, files, signal }: GitParts): Git {
  const env = {
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: files.configuration,
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: files.sshCommand,
    GIT_LFS_SKIP_SMUDGE: '1',
    LC_ALL: 'C',
    DBUS_SESSION_BUS_ADDRESS: undefined,
    XDG_RUNTIME_DIR: undefined,
  };
  return async (parameters) => {
    signal.throwIfAborted();
    const git = execa('git', [...parameters], {
      cwd: directory,
      env,
      detached: true,
      cleanup: true,
      stdin: 'ignore',
      reject: false,
      maxBuffer: OUTPUT_LIMIT_BYTES,
    });
    const stop = (): void => endGroup(git.pid);
    signal.addEventListener('abort', stop, { once: true });
    const { failed, stdout, stderr, code } = await git;
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    if (code === 'ENOENT')
      throw new AppError('git-failed', 'The program git is not installed on this machine.');
    if (failed) throw new GitRefusal(parameters[0] ?? '', stderr || stdout);
    return stdout;
  };
}

/** Git has children of its own: ssh, git-remote-https, index-pack. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_DELAY_MS).unref();
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

function lastLines(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return cutText(lines.slice(-LAST_LINES).join(' / '), 1_000);
}
