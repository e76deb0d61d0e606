import { readFileSync } from 'node:fs';

/**
 * Which processes may be descendants of a worker: those that were born after it. Linux numbers processes upwards and begins
 * again at `pid_max`, so few of a machine's processes come into question, and most need no look at their environment.
 */

/** The state of the machine's numbering at one moment. */
export interface Births {
  /** The process id that was handed out last. */
  readonly lastPid: number;
  /** How many processes and threads were started since the machine booted. */
  readonly started: number;
  /** Where the numbering begins again. */
  readonly pidMax: number;
}

/** Below this number Linux hands no process id out again. */
const LOWEST_AGAIN = 300;

/** Null: this system does not say, so every process comes into question. */
export function readBirths(): Births | null {
  try {
    const lastPid = Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ')[4]);
    const started = Number(/^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
    const pidMax = Number(readFileSync('/proc/sys/kernel/pid_max', 'latin1'));
    return [lastPid, started, pidMax].every(Number.isInteger) ? { lastPid, started, pidMax } : null;
  } catch {
    return null;
  }
}

/** Could this process have been born between the two moments, the one before the worker's own birth included? */
export function mayBeBornBetween(pid: number, before: Births | null, now: Births | null): boolean {
  if (before === null || now === null) return true;
  // Numbers in use are passed over, so that once around takes fewer births than there are numbers: half of them is far enough.
  if (now.started - before.started >= (now.pidMax - LOWEST_AGAIN) / 2) return true;
  return before.lastPid <= now.lastPid
    ? pid > before.lastPid && pid <= now.lastPid
    : pid > before.lastPid || pid <= now.lastPid;
}
