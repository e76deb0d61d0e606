import { readFileSync } from 'node:fs';

const POLL_MS = 50;

/** Sends the signal and waits until the process is gone; false when the time is over first. */
export async function endProcess(pid: number, signal: NodeJS.Signals, limitMs: number): Promise<boolean> {
  if (!send(pid, signal)) return true;
  const until = performance.now() + limitMs;
  while (isAlive(pid)) {
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A process that has ended and that nobody has asked about yet (a zombie) is gone. */
export function isAlive(pid: number): boolean {
  if (!send(pid, 0)) return false;
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}
