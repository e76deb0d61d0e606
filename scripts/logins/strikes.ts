import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LOGIN_IN_USE } from '../../src/contract/worker-protocol.ts';
import type { CallMoment } from '../../test/support/salesforce/start.ts';
import type { TestServer } from '../../test/support/server.ts';
import { until } from '../../test/support/until.ts';
import { workersOf } from '../torture/strike.ts';

export interface Strike extends Pick<CallMoment, 'call' | 'at'> {
  readonly target: 'daemon' | 'workers' | 'both';
  /** How long the org keeps its answer to itself after the kill. */
  readonly heldMs: number;
  /** From the end of the last strike, so that some work gets done in between. */
  readonly afterMs: number;
}

export interface Struck {
  readonly at: string;
  readonly daemon: number;
  readonly workers: number;
  readonly spared: number;
}

/** The org stops at a moment of a call, until it is told to go on. */
export interface Trap {
  meet(moment: CallMoment): Promise<void> | void;
  /** Resolves when the moment has come. */
  set(moment: Pick<CallMoment, 'call' | 'at'>): Promise<void>;
  release(): void;
}

export function createTrap(): Trap {
  let set: { readonly moment: Pick<CallMoment, 'call' | 'at'>; readonly come: () => void } | null = null;
  let go: () => void = () => undefined;
  return {
    meet({ call, at }) {
      if (set?.moment.call !== call || set.moment.at !== at) return undefined;
      set.come();
      set = null;
      return new Promise((resolve) => {
        go = resolve;
      });
    },
    set: (moment) =>
      new Promise((come) => {
        set = { moment, come };
      }),
    release() {
      set = null;
      go();
    },
  };
}

/** Null: everything was over before the moment came. */
export async function strikeAt(
  server: TestServer,
  { call, at, target, heldMs, afterMs }: Strike,
  { trap, over }: { readonly trap: Trap; readonly over: Promise<void> },
): Promise<Struck | null> {
  const ended = over.then(() => false);
  if (!(await Promise.race([delay(afterMs, true), ended]))) return null;
  const come = await Promise.race([trap.set({ call, at }).then(() => true), ended]);
  if (!come) {
    trap.release();
    return null;
  }
  const daemon = target === 'workers' ? 0 : 1;
  if (daemon === 1) await server.kill();
  const workers = target === 'daemon' ? { killed: 0, spared: 0 } : await killWorkers(server);
  if (daemon === 1) server.launch();
  await delay(heldMs);
  trap.release();
  return { at: `${call} ${at}`, daemon, workers: workers.killed, spared: workers.spared };
}

/**
 * All but those whose refresh token is with the org: what comes back to them is nowhere else, so nothing outlives the loss of
 * such a one. Each is stopped before anybody looks, so that it cannot begin meanwhile.
 */
async function killWorkers(server: TestServer): Promise<{ killed: number; spared: number }> {
  let killed = 0;
  let spared = 0;
  for (const pid of workersOf(server)) {
    try {
      process.kill(pid, 'SIGSTOP');
      await until(() => isStopped(pid), undefined, 5_000);
      const inUse = existsSync(join(server.paths.work, workspaceOf(pid), LOGIN_IN_USE));
      process.kill(pid, inUse ? 'SIGCONT' : 'SIGKILL');
      if (inUse) spared += 1;
      else killed += 1;
    } catch {
      // It has ended by itself meanwhile.
    }
  }
  return { killed, spared };
}

function isStopped(pid: number): boolean {
  return /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** HOME=<work>/<workspace>/<job>/home */
function workspaceOf(pid: number): string {
  const home = /(?:^|\0)HOME=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? '';
  return basename(dirname(dirname(home)));
}
