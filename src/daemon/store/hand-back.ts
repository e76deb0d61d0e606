import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_MS = 2_000;
/** Processor time of a thread in that while: so much is load, and below the other nobody waits for it. Work now and then is neither. */
const BUSY_MS = 500;
const QUIET_MS = 100;

/**
 * What a busy time needed, V8 keeps: it collects when more is asked for, and who is idle asks for nothing. So a thread that was
 * busy and is quiet collects once, and its memory goes back to the system. Under load it costs nothing.
 */
export function handBackMemory(): { stop(): void } {
  const look = createLook(collector());
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    look((user + system) / 1_000);
    before = process.threadCpuUsage();
  }, EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}

/** Told how much each while took; collects in the first quiet one after a busy one. The start of a thread is busy. */
export function createLook(collect: () => void): (usedMs: number) => void {
  let owing = true;
  return (usedMs) => {
    if (usedMs > BUSY_MS) owing = true;
    if (!owing || usedMs > QUIET_MS) return;
    owing = false;
    collect();
  };
}

/**
 * Node has no function for it but behind this flag, which changes nothing else and may be set at any time. `last-resort`: a usual
 * collection keeps the pages that it has emptied.
 */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as NodeJS.GCFunction;
  return () => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
