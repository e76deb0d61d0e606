import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const EVERY_MS = 2_000;
/** Processor time of a thread in that while: below it nobody waits for it. */
const QUIET_MS = 100;
/** A collection takes 10 to 20 ms; less than this is not worth one. */
const WORTH_BYTES = 4 * 1024 * 1024;

/**
 * What a busy time needed, V8 keeps: it collects when more is asked for, and who is idle asks for nothing. So a thread whose heap
 * has grown collects once it is quiet, and its memory goes back to the system. Under load this costs nothing.
 */
export function handBackMemory(): { stop(): void } {
  const look = createLook({ held: () => getHeapStatistics().total_heap_size, collect: collector() });
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    look((user + system) / 1_000);
    before = process.threadCpuUsage();
  }, EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}

/** Told how much processor time each while took. `held`: bytes of the heap, garbage and emptied pages among them. */
export function createLook({ held, collect }: { held: () => number; collect: () => void }) {
  let kept = 0;
  return (usedMs: number): void => {
    if (usedMs > QUIET_MS || held() - kept < WORTH_BYTES) return;
    collect();
    kept = held();
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
