import { readFileSync } from 'node:fs';
import type { ProgramLimits } from '../contract/program-limits.ts';

const MEGABYTE = 1024 * 1024;

/** Those of the wish that this process may give: nobody but root gives more than he has himself (proc_pid_limits(5)). */
export function withinHardLimits(wish: ProgramLimits, text: string = readOwn()): ProgramLimits {
  const most = (name: string): number => {
    const hard = new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(text)?.[1];
    return hard === undefined ? Number.MAX_SAFE_INTEGER : Number(hard);
  };
  return {
    ...wish,
    openFiles: Math.min(wish.openFiles, most('Max open files')),
    cpuSeconds: Math.min(wish.cpuSeconds, most('Max cpu time') - CPU_GRACE_SECONDS),
    fileMegabytes: Math.min(wish.fileMegabytes, Math.floor(most('Max file size') / MEGABYTE)),
  };
}

/** Between SIGXCPU and SIGKILL. */
const CPU_GRACE_SECONDS = 5;

function readOwn(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
