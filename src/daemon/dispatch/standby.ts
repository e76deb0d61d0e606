import { setTimeout as wait } from 'node:timers/promises';
import type { RecordedWorker } from '../store/port.ts';
import { type ForkedWorker, forkWorker, recordOf, type WorkerProgram } from './fork-worker.ts';
import { signal } from './processes.ts';
import type { Workspace } from './workspace.ts';

/** A worker that was forked ahead: it is idle and holds nothing. It is used once, or ended unused. */
export interface Standby {
  readonly worker: ForkedWorker;
  readonly workspace: Workspace;
  readonly record: RecordedWorker;
  /** True until its process has ended. */
  alive(): boolean;
  /** Resolves when its process has ended. */
  readonly ended: Promise<void>;
  /** Its process ends, and its workspace is used on. Safe to ask for twice, and before a discard. */
  retire(): Promise<void>;
  /** It was not used: its process ends, and then its workspace is removed. Safe to ask for twice. */
  discard(): Promise<void>;
}

/** Forks a worker and waits until it is ready. Null: it did not come up; nothing of it is left. */
export async function forkStandby(program: WorkerProgram, readyMs: number): Promise<Standby | null> {
  const { workspace } = program;
  const worker = forkWorker(program);
  let alive = true;
  const ended = worker.exited.then(() => {
    alive = false;
  });
  const retire = async (): Promise<void> => {
    if (alive && worker.pid !== null) signal(-worker.pid, 'SIGKILL');
    await ended;
  };
  const end = async (): Promise<void> => {
    await retire();
    await workspace.remove();
  };
  const ready = await isReady(worker, readyMs);
  const record = ready ? recordOf(worker) : null;
  if (record === null) {
    await end();
    return null;
  }
  let discarded: Promise<void> | null = null;
  return {
    worker,
    workspace,
    record,
    alive: () => alive,
    ended,
    retire,
    discard() {
      discarded ??= end();
      return discarded;
    },
  };
}

/** The first thing that a worker says. An idle one says nothing more. */
async function isReady({ child, exited }: ForkedWorker, readyMs: number): Promise<boolean> {
  const said = new Promise<boolean>((resolve) => {
    child.once('message', (message) => resolve((message as { type?: unknown } | null)?.type === 'ready'));
  });
  const late = new AbortController();
  const never = exited.then(() => false);
  const limit = wait(readyMs, false, { ref: false, signal: late.signal }).catch(() => false);
  const ready = await Promise.race([said, never, limit]);
  late.abort();
  return ready;
}
