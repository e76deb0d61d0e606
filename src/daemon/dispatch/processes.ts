import { readFileSync } from 'node:fs';
import type { WorkerIdentity } from '../store/port.ts';

/** What /proc says of processes. A pid alone is no identity: the system hands it out again. */

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';

/** Null: there is no such process (any more). */
export function identify(pid: number): WorkerIdentity | null {
  const stat = readStat(pid);
  return stat === null ? null : { pid, startTime: stat.startTime, bootId: currentBootId() };
}

/** True while exactly this process runs; a zombie has ended. */
export function isRunning(identity: WorkerIdentity): boolean {
  if (identity.bootId !== currentBootId()) return false;
  const stat = readStat(identity.pid);
  return stat !== null && stat.startTime === identity.startTime && !stat.ended;
}

export interface ProcessStat {
  readonly parent: number;
  /** Process group: the pid of its leader. */
  readonly group: number;
  readonly startTime: string;
  readonly ended: boolean;
}

/** Fields 3, 4, 5 and 22 of proc_pid_stat(5). The name in field 2 may hold blanks and brackets, so count from its end. */
export function readStat(pid: number): ProcessStat | null {
  const text = readProcessFile(pid, 'stat');
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0] ?? '';
  return {
    parent: Number(fields[1]),
    group: Number(fields[2]),
    startTime: fields[19] ?? '',
    ended: state === 'Z' || state === 'X',
  };
}

/** Null: the process is gone, or is not ours to look at. */
export function readProcessFile(pid: number, name: 'stat' | 'environ'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return null;
  }
}

/** A pid, or with a minus sign its group. False: nobody was there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function currentBootId(): string {
  return readFileSync(BOOT_ID_FILE, 'latin1').trim();
}
