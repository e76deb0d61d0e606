import { DEFAULT_PROGRAM_LIMITS } from '../../contract/program-limits.ts';
import type { SandboxMachine } from '../../contract/worker-protocol.ts';

const MEGABYTE = 1024 * 1024;

/** What exists for a program that is not ours; nothing else does. All paths are absolute, and the same inside as outside. */
export interface SandboxPlace {
  /** The operation's own directory: read-write, on the disk. */
  readonly workspace: string;
  /** HOME: a tmpfs that is gone with the program, or a directory of the workspace that outlives it. */
  readonly home: { readonly directory: string; readonly kept: boolean };
  /** Files that lie in HOME when the program starts, by name: never on a disk when HOME is a tmpfs. */
  readonly files: Readonly<Record<string, string>>;
  /** Where the program starts: inside the workspace or the source code. */
  readonly directory: string;
  readonly source: { readonly directory: string; readonly writable: boolean } | null;
  /** Read-only: CLIs, plugins, the Node that runs them. */
  readonly tools: readonly string[];
  /** Read-only, where they are there. */
  readonly readable?: readonly string[];
  /** What the machine has for it, as the assignment says. */
  readonly machine: SandboxMachine;
}

/** What one program may use. What counts for all its processes together is held by the cgroup that the daemon made. */
export interface SandboxLimits {
  /** Wall time; then it is ended. */
  readonly timeMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Of both streams together. */
  readonly outputBytes: number;
  /** A longer line is cut. */
  readonly lineCharacters: number;
  /** Of the tmpfs that is HOME, and of the one that is /tmp. */
  readonly temporaryBytes: number;
  /** Of the workspace and the source code, as they grow under the program. */
  readonly diskBytes: number;
  readonly fileBytes: number;
  readonly openFiles: number;
  /** Of each process. */
  readonly cpuSeconds: number;
}

/** No more than the machine's owner allows, whoever asks. */
export function withinMachine(limits: SandboxLimits, { limits: allowed }: SandboxMachine): SandboxLimits {
  const { cpuSeconds, diskMegabytes, fileMegabytes, openFiles, outputMegabytes, temporaryMegabytes } =
    allowed ?? DEFAULT_PROGRAM_LIMITS;
  return {
    ...limits,
    cpuSeconds: Math.min(limits.cpuSeconds, cpuSeconds),
    openFiles: Math.min(limits.openFiles, openFiles),
    diskBytes: Math.min(limits.diskBytes, diskMegabytes * MEGABYTE),
    fileBytes: Math.min(limits.fileBytes, fileMegabytes * MEGABYTE),
    outputBytes: Math.min(limits.outputBytes, outputMegabytes * MEGABYTE),
    temporaryBytes: Math.min(limits.temporaryBytes, temporaryMegabytes * MEGABYTE),
  };
}

/** Those of each run; how much it may use is the machine's owner's to say. */
export const DEFAULT_SANDBOX_LIMITS: SandboxLimits = {
  timeMs: 60 * 60_000,
  graceMs: 5_000,
  lineCharacters: 64 * 1024,
  outputBytes: Number.MAX_SAFE_INTEGER,
  temporaryBytes: Number.MAX_SAFE_INTEGER,
  diskBytes: Number.MAX_SAFE_INTEGER,
  fileBytes: Number.MAX_SAFE_INTEGER,
  openFiles: Number.MAX_SAFE_INTEGER,
  cpuSeconds: Number.MAX_SAFE_INTEGER,
};
