import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../../config/environment.ts';
import type { WorkerJob } from '../../contract/worker-protocol.ts';
import type { RecordedWorker } from '../store/port.ts';
import { type Births, readBirths } from './births.ts';
import { identify } from './processes.ts';
import { makePlaces, placesOf, type Workspace } from './workspace.ts';

/** After the exit, how long messages may still be on their way through the channel. */
const CHANNEL_LIMIT_MS = 2_000;

export interface WorkerProgram {
  readonly workerUrl: URL;
  readonly nodeArguments: readonly string[];
  readonly job: WorkerJob;
  /** V8's compiled form of the program; null: there is none. */
  readonly compiledCode: string | null;
  /** Holds its working directory, HOME and TMPDIR. */
  readonly workspace: Workspace;
  /** Its name, carried in its environment. */
  readonly marker: string;
}

export interface ForkedWorker {
  readonly child: ChildProcess;
  /** Null: it could not be started. */
  readonly pid: number | null;
  readonly marker: string;
  /** Just before its fork. */
  readonly since: Births | null;
  /** Resolves with how it ended, once its channel has handed over everything that it had sent. */
  readonly exited: Promise<string>;
}

/** A fresh process in a session and group of its own: a Ctrl-C in the daemon's terminal does not reach it, a kill reaches all of it. */
export function forkWorker(program: WorkerProgram): ForkedWorker {
  const { compiledCode, job, marker, nodeArguments, workerUrl, workspace } = program;
  const { directory, home, temporary } = placesOf(workspace, job);
  makePlaces({ directory, home, temporary });
  const since = readBirths();
  const words = compiledCode === null ? [job] : [job, compiledCode];
  const child = fork(fileURLToPath(workerUrl), words, {
    cwd: directory,
    env: workerEnvironment({ home, temporary, marker }),
    execArgv: [...nodeArguments],
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return { child, pid: child.pid ?? null, marker, since, exited: exitOf(child) };
}

/** As it is recorded; null: it has ended meanwhile. */
export function recordOf({ pid, marker }: ForkedWorker): RecordedWorker | null {
  const identity = pid === null ? null : identify(pid);
  return identity === null ? null : { ...identity, marker };
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
