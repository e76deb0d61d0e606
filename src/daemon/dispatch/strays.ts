import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { WORKER_MARKER, type WorkerJob } from '../../contract/worker-protocol.ts';
import { type Births, mayBeBornBetween, readBirths } from './births.ts';
import { readProcessFile, readStat, signal } from './processes.ts';

/** Processes looked at before the event loop gets a turn. */
const LOOK_AT_ONCE = 64;
const LOOK_AGAIN_MS = 20;

/** Which processes belong together: those that carry one of the markers, and those of a process group. */
export interface Belonging {
  /** Whole markers of workers, or the beginning of all that work in one workspace. */
  readonly markers: readonly string[];
  readonly groups: readonly number[];
  /** From just before the first of them was forked; null: not known. */
  readonly since: Births | null;
}

/** The name of a worker by what it was forked for; without that, how those of all workers of a workspace begin. */
export function workerMarker(workspace: string, purpose: WorkerJob | 'standby' | '' = ''): string {
  return `${workspace}:${purpose}`;
}

/**
 * Ends what workers left behind, also a grandchild that left the group with setsid, and waits until nothing is left.
 * False: something was still there after `limitMs` (a process that hangs in the kernel).
 */
export async function endStrays(belonging: Belonging, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const pids = await findStrays(belonging);
    if (pids.length === 0) return true;
    for (const pid of pids) signal(pid, 'SIGKILL');
    if (performance.now() > deadline) return false;
    await wait(LOOK_AGAIN_MS);
  }
}

export async function findStrays(belonging: Belonging): Promise<readonly number[]> {
  const found: number[] = [];
  const names = readdirSync('/proc');
  const now = belonging.since === null ? null : readBirths(); // later than the list, so that it covers all of it
  let looked = 0;
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!mayBeBornBetween(pid, belonging.since, now)) continue;
    if (belongs(pid, belonging)) found.push(pid);
    looked += 1;
    if (looked % LOOK_AT_ONCE === 0) await new Promise(setImmediate);
  }
  return found;
}

/** A zombie's environment reads as empty, so it counts as gone. */
function belongs(pid: number, { markers, groups }: Belonging): boolean {
  const environment = readProcessFile(pid, 'environ');
  if (environment === null || environment === '') return false;
  const own = `\0${environment}`;
  if (markers.some((marker) => own.includes(`\0${WORKER_MARKER}=${marker}`))) return true;
  if (groups.length === 0) return false;
  const stat = readStat(pid);
  return stat !== null && !stat.ended && groups.includes(stat.group);
}
