import type { ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { WORKER_MARKER } from '../../contract/worker-protocol.ts';
import { withoutProxies } from '../proxies.ts';
import { bubblewrapArguments, type SandboxFile } from './bubblewrap.ts';
import type { SandboxLimits, SandboxPlace } from './place.ts';
import { limited } from './resource-limits.ts';
import { readStatus } from './status.ts';

const STATUS = 3;
const ARGUMENTS = 4;
const FIRST_FILE = 5;
const DESCRIPTORS = ['--json-status-fd', String(STATUS), '--args', String(ARGUMENTS)];

export interface ProgramWish {
  readonly stdin?: string | Uint8Array;
  readonly env: Readonly<Record<string, string>>;
  readonly network: boolean;
  readonly limits: SandboxLimits;
}

/** A program that runs, with everything that it starts. */
export interface Program {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Never rejects. */
  readonly exited: Promise<ProgramEnd>;
  /** SIGTERM to the program and its group. */
  terminate(): void;
  /** SIGKILL to all of it. */
  kill(): void;
  /** Something that it started may be there after its end, and hold its output open. */
  readonly mayLeaveStrays: boolean;
  /** Nobody reads it any more. */
  release(): void;
}

export type ProgramEnd =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly signal: NodeJS.Signals | null }
  /** Null: what it printed says why. */
  | { readonly kind: 'not-started'; readonly detail: string | null };

/** Its own group leads to all of it; inside a sandbox, to the namespace. */
export async function startProgram(
  words: readonly string[],
  place: SandboxPlace,
  wish: ProgramWish,
): Promise<Program> {
  const { bubblewrap, marker } = place.machine;
  const given = wish.network ? wish.env : withoutProxies(wish.env);
  const env = { ...given, [WORKER_MARKER]: marker };
  const command = limited(words, wish.limits);
  if (bubblewrap !== null) return startInside([bubblewrap, ...command], place, { ...wish, env });
  await writeFiles(place);
  return startBare(command, place, { ...wish, env });
}

function startInside(
  [bubblewrap = '', ...command]: readonly string[],
  place: SandboxPlace,
  wish: ProgramWish,
): Program {
  const files = filesOf(place).map((file, index) => ({ ...file, descriptor: FIRST_FILE + index }));
  const options = bubblewrapArguments(place, wish, files);
  const child = start([bubblewrap, ...DESCRIPTORS, '--', ...command], wish, {
    // its own, by which strays are found; the program's comes with the arguments
    env: { [WORKER_MARKER]: place.machine.marker },
    further: [
      'pipe',
      bytes(options.map((one) => `${one}\0`).join('')),
      ...files.map(({ text }) => bytes(text)),
    ],
  });
  const status = readStatus(child.stdio[STATUS] as Readable);
  return programOf(child, {
    // The first process inside leads the program's group, and heeds no SIGTERM itself.
    terminate: () => (status.pid() === null ? end(child.pid, 'SIGKILL') : end(status.pid(), 'SIGTERM')),
    started: status.started,
    mayLeaveStrays: false,
  });
}

/** Without a sandbox: a group of its own, its own HOME, a short environment, and the limits of each process. */
function startBare(command: readonly string[], { directory }: SandboxPlace, wish: ProgramWish): Program {
  // Node hands its permission model down to every child, and the program may be a Node that is not ours.
  const own = wish.env['NODE_OPTIONS'];
  const options = own === undefined ? '--unset=NODE_OPTIONS' : `NODE_OPTIONS=${own}`;
  const child = start(['/usr/bin/env', options, ...command], wish, {
    env: wish.env,
    cwd: directory,
    further: [],
  });
  return programOf(child, {
    terminate: () => end(child.pid, 'SIGTERM'),
    started: async () => true,
    mayLeaveStrays: true,
  });
}

function start(
  [file = '', ...words]: readonly string[],
  { stdin }: ProgramWish,
  how: {
    readonly env: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly further: readonly ('pipe' | Uint8Array)[];
  },
): ChildProcess {
  const started = execa(file, words, {
    ...(how.cwd === undefined ? {} : { cwd: how.cwd }),
    env: how.env,
    extendEnv: false,
    detached: true,
    cleanup: true,
    reject: false,
    buffer: false,
    stdio: [stdin === undefined ? 'ignore' : bytes(stdin), 'pipe', 'pipe', ...how.further],
  });
  // with `reject: false` it never does, and its exit says all there is to know
  void started;
  return started.nodeChildProcess;
}

function programOf(
  child: ChildProcess,
  how: Pick<Program, 'terminate' | 'mayLeaveStrays'> & { readonly started: () => Promise<boolean> },
): Program {
  const { stdout, stderr, stdio } = child;
  if (stdout === null || stderr === null) throw new Error('a program was started without its output');
  return {
    stdout,
    stderr,
    exited: endOf(child, how.started),
    terminate: how.terminate,
    mayLeaveStrays: how.mayLeaveStrays,
    kill: () => end(child.pid, 'SIGKILL'),
    release() {
      for (const stream of stdio) stream?.destroy();
    },
  };
}

/** At its exit, whoever still holds its output open. */
async function endOf(child: ChildProcess, started: () => Promise<boolean>): Promise<ProgramEnd> {
  const exit = Promise.withResolvers<ProgramEnd>();
  child.once('error', ({ message }) => exit.resolve({ kind: 'not-started', detail: message }));
  child.once('exit', (code, signal) => exit.resolve(ended(code, signal)));
  const found = await exit.promise;
  // killed from outside, it had no time to say anything
  if (found.kind === 'not-started' || child.signalCode !== null || (await started())) return found;
  return { kind: 'not-started', detail: null };
}

/** A sandbox and a shell say 128 + n where signal n ended the program. */
function ended(code: number | null, signal: NodeJS.Signals | null): ProgramEnd {
  if (signal !== null) return { kind: 'ended', exitCode: 128 + constants.signals[signal], signal };
  const exitCode = code ?? 0;
  const [name] = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128) ?? [];
  return { kind: 'ended', exitCode, signal: (name as NodeJS.Signals | undefined) ?? null };
}

/** By pid, or with its whole group when it leads one. */
function end(pid: number | null | undefined, name: NodeJS.Signals): void {
  if (pid === null || pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** The user is the same inside as outside, and has no other name there. */
function filesOf({
  files,
  home,
}: SandboxPlace): readonly (Omit<SandboxFile, 'descriptor'> & { text: string })[] {
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  return [
    {
      path: '/etc/passwd',
      mode: '0644',
      text: `task:x:${user}:${group}::${home.directory}:/usr/sbin/nologin\n`,
    },
    { path: '/etc/group', mode: '0644', text: `task:x:${group}:\n` },
    ...Object.entries(files).map(
      ([name, text]) => ({ path: join(home.directory, name), mode: '0600', text }) as const,
    ),
  ];
}

async function writeFiles({ files, home }: SandboxPlace): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = join(home.directory, name);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, text, { mode: 0o600 });
  }
}

function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}
