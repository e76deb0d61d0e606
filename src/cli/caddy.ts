import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { caddyEnvironment } from '../config/caddy-environment.ts';
import type { Paths } from '../config/paths.ts';
import { programPath } from '../config/program-path.ts';
import { AppError } from '../contract/errors.ts';
import { endLeftoverCaddy } from './caddy-leftover.ts';
import { type Listener, listenerOf, refuseUsedPort, waitUntilAnswering } from './caddy-port.ts';

export interface RunningCaddy {
  /** Safe to call twice. */
  stop(): Promise<void>;
  /** The exit code; null: ended by a signal. */
  readonly exited: Promise<number | null>;
}

const STOP_LIMIT_MS = 10_000;
const SAID_LIMIT_LINES = 20;

/** Null: Caddy is not installed. */
export async function findCaddy(): Promise<{ path: string; version: string } | null> {
  const path = programPath('caddy');
  if (path === null) return null;
  const { code, output } = await runCaddy(path, ['version'], dirname(path));
  return code === 0 ? { path, version: output.trim().split(/\s+/)[0]?.replace(/^v/, '') ?? '' } : null;
}

/**
 * AppError `caddy-failed` with Caddy's own words about the file, `caddy-missing` without Caddy. What Caddy writes for
 * itself while it looks goes to `directory`.
 */
export async function validateCaddyfile(path: string, directory: string = dirname(path)): Promise<void> {
  const arguments_ = ['validate', '--adapter', 'caddyfile', '--config', path];
  const program = programPath('caddy');
  if (program === null) throw caddyMissing();
  const { code, output } = await runCaddy(program, arguments_, directory);
  if (code === 0) return;
  const reason = output.split('\n').findLast((line) => line.startsWith('Error:')) ?? output.trim();
  throw new AppError('caddy-failed', `Caddy does not accept ${path}: ${reason.replace(/^Error: /, '')}.`);
}

/**
 * Caddy in front of the edge door, as a child of this process. It is ready when this resolves: its port completes a
 * TLS handshake. AppErrors: `caddy-missing`, `caddy-failed`, `port-in-use`.
 */
export async function startCaddy(options: {
  readonly paths: Paths;
  readonly caddyfile: string;
  readonly url: string;
  readonly log: (line: string) => void;
}): Promise<RunningCaddy> {
  const { paths } = options;
  const listener = listenerOf(options.url);
  await prepareHome(paths, options.caddyfile);
  await validateCaddyfile(paths.caddyfile, paths.caddyData);
  await endLeftoverCaddy(paths.caddyAdmin);
  await refuseUsedPort(listener);

  const said: string[] = [];
  const child = spawnCaddy(paths, (line) => {
    said.push(line);
    if (said.length > SAID_LIMIT_LINES) said.shift();
    options.log(line);
  });
  const caddy = supervise(child);
  const over = new AbortController();
  try {
    await Promise.race([waitUntilAnswering(listener, over.signal), earlyEnd(caddy, said, listener)]);
  } catch (error) {
    await caddy.stop();
    throw error;
  } finally {
    over.abort();
  }
  return caddy;
}

/** The file is replaced as a whole: the systemd unit of Caddy may be reading it. */
export async function writeCaddyfile(paths: Paths, caddyfile: string): Promise<void> {
  const temporary = `${paths.caddyfile}.tmp`;
  await writeFile(temporary, caddyfile, { mode: 0o644 });
  await rename(temporary, paths.caddyfile);
}

async function prepareHome(paths: Paths, caddyfile: string): Promise<void> {
  for (const directory of [paths.caddyData, paths.controlDirectory, paths.logs]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  }
  await chmod(paths.caddyData, 0o700);
  await writeCaddyfile(paths, caddyfile);
}

/** A process group of its own: Ctrl-C in a terminal reaches the daemon first, which then ends Caddy. */
function spawnCaddy(paths: Paths, log: (line: string) => void): ChildProcess {
  const child = spawn(
    programPath('caddy') ?? 'caddy',
    ['run', '--adapter', 'caddyfile', '--config', paths.caddyfile],
    {
      env: caddyEnvironment(paths.caddyData),
      cwd: paths.caddyData,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  if (child.stderr) createInterface({ input: child.stderr }).on('line', log);
  return child;
}

function supervise(child: ChildProcess): RunningCaddy {
  const { promise: exited, resolve } = Promise.withResolvers<number | null>();
  child.once('close', (code) => resolve(code));
  child.once('error', () => resolve(null));
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(timer);
  };
  return {
    exited,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function earlyEnd(caddy: RunningCaddy, said: readonly string[], listener: Listener): Promise<never> {
  await caddy.exited;
  const reason = said.findLast((line) => line.startsWith('Error:')) ?? said.at(-1) ?? 'it said nothing';
  if (/address already in use/.test(reason)) {
    throw new AppError('port-in-use', `Something listens on port ${listener.port} already.`);
  }
  throw new AppError('caddy-failed', `Caddy ended at its start: ${reason.replace(/^Error: /, '')}.`);
}

async function runCaddy(
  program: string,
  arguments_: readonly string[],
  home: string,
): Promise<{ code: number; output: string }> {
  const child = spawn(program, arguments_, {
    env: caddyEnvironment(home),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('close', (code) => resolve(code ?? 1));
  child.once('error', () => resolve(1));
  return { code: await promise, output };
}

function caddyMissing(): AppError {
  return new AppError('caddy-missing', 'Caddy is not installed on this machine, or not in PATH.');
}
