import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '../client/client.ts';
import type { Paths } from '../config/paths.ts';
import { AppError, isErrorCode } from '../contract/errors.ts';
import type { Readiness } from '../contract/server.ts';

export interface DaemonProcess {
  readonly child: ChildProcess;
  readonly logFile: string;
  readonly exited: Promise<number>;
  /** Why it ended, in its own words. */
  failure(): AppError;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const POLL_MS = 100;

/** `start --no-board` as a process of its own, in its own group: what is pressed in this terminal does not reach it. */
export function spawnDaemon(options: {
  readonly root: string;
  readonly paths: Paths;
  readonly caddy: boolean;
}): DaemonProcess {
  const logFile = join(options.paths.logs, 'daemon.log');
  mkdirSync(options.paths.logs, { recursive: true, mode: 0o700 });
  keepBounded(logFile);
  const log = openSync(logFile, 'a', 0o600);
  const start = statSync(logFile).size;
  const flags = ['start', '--no-board', '--json', ...(options.caddy ? [] : ['--no-caddy'])];
  const child = spawn(
    process.execPath,
    ['--disable-sigusr1', join(options.root, 'bin', 'run.js'), ...flags],
    {
      detached: true,
      stdio: ['ignore', log, log],
    },
  );
  closeSync(log);
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  return { child, logFile, exited, failure: () => failureIn(logFile, start) };
}

/** Resolves with what it answers as soon as it is ready, or as it is when the time is over; AppError when it ends before. */
export async function waitUntilReady(
  daemon: DaemonProcess,
  client: Client,
  limitMs: number,
): Promise<Readiness> {
  const until = performance.now() + limitMs;
  const ended = daemon.exited.then(() => 'ended' as const);
  for (;;) {
    const readiness = (await isOurs(daemon, client))
      ? await client.call('readiness').catch(() => null)
      : null;
    if (readiness?.ready) return readiness;
    if ((await Promise.race([ended, pause(POLL_MS)])) === 'ended') throw daemon.failure();
    if (performance.now() < until) continue;
    if (readiness) return readiness;
    throw new AppError('daemon-not-running', `The daemon did not answer in ${limitMs / 1_000} s.`, {
      hint: `Look at its log: ${daemon.logFile}`,
    });
  }
}

/** Resolves as soon as it answers, ready or not, or when it has ended. */
export async function waitUntilAnswering(daemon: DaemonProcess, client: Client): Promise<void> {
  const ended = daemon.exited.then(() => 'ended' as const);
  while (!(await isOurs(daemon, client))) {
    if ((await Promise.race([ended, pause(POLL_MS)])) === 'ended') return;
  }
}

/** Another start may have been faster: then its server answers, and ours is about to end with that message. */
async function isOurs(daemon: DaemonProcess, client: Client): Promise<boolean> {
  const status = await client.call('serverStatus').catch(() => null);
  return status?.pid === daemon.child.pid;
}

/** One old log is kept, so that the disk does not fill. */
function keepBounded(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
}

/** With `--json` the last thing that a failing start says is its error. */
function failureIn(logFile: string, start: number): AppError {
  const said = readFileSync(logFile).subarray(start).toString('utf8');
  const document = said.match(/^\{\n[\s\S]*?^\}/gm)?.at(-1);
  const failure = document === undefined ? null : parse(document);
  if (failure && isErrorCode(failure.name)) {
    return new AppError(failure.name, failure.message ?? '', failure.hint ? { hint: failure.hint } : {});
  }
  return new AppError('daemon-not-running', 'The daemon ended by itself.', {
    hint: `Look at its log: ${logFile}`,
  });
}

function parse(document: string): { name?: string; message?: string; hint?: string } | null {
  try {
    return JSON.parse(document) as { name?: string; message?: string; hint?: string };
  } catch {
    return null;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
