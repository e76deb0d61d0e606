import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly home: string;
  /** What arrives on standard input; without it, nothing does. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** For signals. */
  readonly started?: (child: ChildProcess) => void;
}

/** One command as a shell runs it: the built program in a process of its own, with an environment of its own. */
export async function runCli(words: readonly string[], options: CliOptions): Promise<CliRun> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: {
      PATH: process.env['PATH'],
      HOME: options.home,
      TMPDIR: tmpdir(),
      SFP_SERVER_HOME: options.home,
      NO_COLOR: '1',
      ...options.environment,
    },
  });
  options.started?.(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** The result of a command that was run with --json. */
export function resultOf<T>(run: CliRun): T {
  return (JSON.parse(run.stdout) as { result: T }).result;
}
