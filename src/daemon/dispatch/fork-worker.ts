import { type ChildProcess, fork } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../../config/environment.ts';

/** After the exit, how long messages may still be on their way through the channel. */
const CHANNEL_LIMIT_MS = 2_000;

export interface WorkerProgram {
  readonly workerUrl: URL;
  readonly nodeArguments: readonly string[];
  /** Its working directory; holds its HOME and TMPDIR. */
  readonly directory: string;
  /** Carried in its environment, and its name towards other parts. */
  readonly marker: string;
}

export interface ForkedWorker {
  readonly child: ChildProcess;
  /** Null: it could not be started. */
  readonly pid: number | null;
  /** Resolves with how it ended, once its channel has handed over everything that it had sent. */
  readonly exited: Promise<string>;
}

/** A fresh process in a session and group of its own: a Ctrl-C in the daemon's terminal does not reach it, a kill reaches all of it. */
export async function forkWorker(program: WorkerProgram): Promise<ForkedWorker> {
  const { directory, marker, nodeArguments, workerUrl } = program;
  const own = { home: join(directory, 'home'), temporary: join(directory, 'tmp') };
  for (const path of [directory, own.home, own.temporary])
    await mkdir(path, { recursive: true, mode: 0o700 });
  const child = fork(fileURLToPath(workerUrl), [], {
    cwd: directory,
    env: workerEnvironment({ ...own, marker }),
    execArgv: [...nodeArguments],
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return { child, pid: child.pid ?? null, exited: exitOf(child) };
}

async function exitOf(child: ChildProcess): Promise<string> {
  const exit = Promise.withResolvers<string>();
  const closed = new Promise<void>((resolve) => child.once('disconnect', resolve));
  child.on('error', (error) => {
    if (child.pid === undefined) exit.resolve(`it could not be started (${error.message})`);
  });
  child.once('exit', (code, signalName) => {
    exit.resolve(signalName === null ? `it exited with code ${code}` : `it was ended by ${signalName}`);
  });
  const how = await exit.promise;
  if (child.connected) await Promise.race([closed, wait(CHANNEL_LIMIT_MS, undefined, { ref: false })]);
  return how;
}
