import { PRLIMIT } from '../../contract/isolation.ts';
import type { SandboxLimits } from './place.ts';

/** A command behind the limits that the system holds for each of its processes; prlimit (util-linux) sets them and becomes it. */
export function limited(
  words: readonly string[],
  { cpuSeconds, fileBytes, openFiles }: Pick<SandboxLimits, 'cpuSeconds' | 'fileBytes' | 'openFiles'>,
): readonly string[] {
  return [
    PRLIMIT,
    '--core=0',
    // SIGXCPU at the first number, SIGKILL at the second.
    `--cpu=${cpuSeconds}:${cpuSeconds + 5}`,
    `--fsize=${fileBytes}`,
    `--nofile=${openFiles}`,
    '--',
    ...words,
  ];
}
