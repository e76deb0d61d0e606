import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { ATTEMPT_MARKER } from '../../contract/worker-protocol.ts';
import { readProcessFile, readStat, signal } from './processes.ts';

/** Processes looked at before the event loop gets a turn. */
const LOOK_AT_ONCE = 64;
const LOOK_AGAIN_MS = 20;

/** Which processes belong together: those that carry a marker with this beginning, and those of a process group. */
export interface Belonging {
  /** `<operation>:<attempt>:`, with or without the worker after it. */
  readonly marker: string;
  readonly group: number | null;
}

export function attemptMarker(operation: string, attempt: number, worker = ''): string {
  return `${operation}:${attempt}:${worker}`;
}

/**
 * Ends what an attempt left behind, also a grandchild that left the group with setsid, and waits until nothing is left.
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
  let looked = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (belongs(pid, belonging)) found.push(pid);
    looked += 1;
    if (looked % LOOK_AT_ONCE === 0) await new Promise(setImmediate);
  }
  return found;
}

/** A zombie's environment reads as empty, so it counts as gone. */
function belongs(pid: number, belonging: Belonging): boolean {
  const environment = readProcessFile(pid, 'environ');
  if (environment === null || environment === '') return false;
  if (`\0${environment}`.includes(`\0${ATTEMPT_MARKER}=${belonging.marker}`)) return true;
  if (belonging.group === null) return false;
  const stat = readStat(pid);
  return stat !== null && !stat.ended && stat.group === belonging.group;
}
