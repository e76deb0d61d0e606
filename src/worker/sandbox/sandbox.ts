import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import { isInside } from '../../contract/inside.ts';
import { watchDisk } from './disk-watch.ts';
import { createEnding, type Ending } from './ending.ts';
import { readLines } from './lines.ts';
import { type SandboxLimits, type SandboxPlace, withinMachine } from './place.ts';
import { type Program, startProgram } from './program.ts';

/** After the end of a program whose strays may hold its output open, how long that is read. */
const OUTPUT_REST_MS = 2_000;

export type OutputStream = 'stdout' | 'stderr';

/** Which of its limits the program met and was ended for. */
export type LimitMet = 'output' | 'time' | 'disk';

export interface SandboxOptions {
  readonly stdin?: string | Uint8Array;
  /** Awaited, so that a program that floods slows itself down. */
  readonly onLine: (line: string, stream: OutputStream) => void | Promise<void>;
  /** Ends the program, with everything that it started. */
  readonly signal: AbortSignal;
  /** The whole environment of the program. PATH finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** The network of the machine; false: none at all. */
  readonly network: boolean;
  readonly limits: SandboxLimits;
}

export interface SandboxEnd {
  /** 126 and 127: it could not be started; 128 + n: ended by signal n. */
  readonly exitCode: number;
  /** What ended it, as far as its exit code says so. */
  readonly signal: NodeJS.Signals | null;
  readonly limit: LimitMet | null;
}

/**
 * Runs a program that is not ours, by a list of words and without a shell, where only its place exists. Answers when it has ended and
 * the kernel takes down the rest of its sandbox. Rejects with the signal's reason when that ended it, and with AppError sandbox-failed when no sandbox could be made.
 */
export async function runSandboxed(
  words: readonly string[],
  place: SandboxPlace,
  options: SandboxOptions,
): Promise<SandboxEnd> {
  const { signal } = options;
  const limits = withinMachine(options.limits, place.machine);
  signal.throwIfAborted();
  const program = await startProgram(words, place, { ...options, limits });
  const ending = createEnding<LimitMet>(program, limits.graceMs);
  const stop = (): void => ending.begin(null);
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => ending.begin('time'), limits.timeMs);
  const disk = watchDisk({
    directories: writableOf(place),
    limitBytes: limits.diskBytes,
    exceeded: () => ending.begin('disk'),
  });
  try {
    let last = '';
    const onLine: SandboxOptions['onLine'] = (line, stream) => {
      last = line;
      return options.onLine(line, stream);
    };
    const printed = readOutput(program, { limits, onLine }, ending);
    printed.catch(stop);
    const end = await program.exited;
    // Without a sandbox its children may have outlived it.
    program.kill();
    await (program.mayLeaveStrays ? orLater(printed) : printed);
    signal.throwIfAborted();
    if (end.kind === 'not-started') throw sandboxFailed(end.detail ?? last);
    return { exitCode: end.exitCode, signal: end.signal, limit: ending.because() };
  } finally {
    clearTimeout(timer);
    disk.stop();
    signal.removeEventListener('abort', stop);
    ending.stop();
    program.release();
  }
}

function writableOf({ home, source, workspace }: SandboxPlace): readonly string[] {
  const others = [
    ...(source?.writable === true ? [source.directory] : []),
    ...(home.kept ? [home.directory] : []),
  ];
  return [workspace, ...others.filter((path) => !isInside(path, workspace))];
}

async function orLater(printed: Promise<unknown>): Promise<void> {
  await Promise.race([printed, wait(OUTPUT_REST_MS, undefined, { ref: false })]);
}

function readOutput(
  { stdout, stderr }: Program,
  { limits, onLine }: Pick<SandboxOptions, 'limits' | 'onLine'>,
  ending: Ending<LimitMet>,
): Promise<unknown> {
  let bytes = 0;
  const take = (more: number): boolean => {
    bytes += more;
    if (bytes > limits.outputBytes) ending.begin('output');
    return bytes <= limits.outputBytes;
  };
  const { lineCharacters } = limits;
  const streams = { stdout, stderr };
  return Promise.all(
    (['stdout', 'stderr'] as const).map((name) =>
      readLines(streams[name], { lineCharacters, take, onLine: (line) => onLine(line, name) }),
    ),
  );
}

function sandboxFailed(detail: string): AppError {
  return new AppError('sandbox-failed', `The sandbox could not be made: ${detail}`);
}
