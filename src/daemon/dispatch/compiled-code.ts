import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';

/** Loading everything once, on a busy machine. */
const MAKE_LIMIT_MS = 30_000;

export interface CompiledCodeOptions {
  readonly workerUrl: URL;
  /** Of the home; workers may read it, and never write. */
  readonly directory: string;
  readonly log: Logger;
}

/** V8's compiled code of the bundled worker, kept in the home: made once for each version of Node and of the worker. */
export interface CompiledCode {
  /** Null: there is none (yet), and a worker compiles what it runs. */
  directory(): string | null;
  /** Makes it where it is missing. Resolves also when that fails: it is about time only. */
  make(): Promise<void>;
  stop(): void;
}

export function createCompiledCode({ workerUrl, directory, log }: CompiledCodeOptions): CompiledCode {
  const program = fileURLToPath(workerUrl);
  const stopping = new AbortController();
  let ready: string | null = null;
  return {
    directory: () => ready,
    async make() {
      // Only the bundle has a loader that looks for it; tests may bring workers of their own.
      if (!program.endsWith('.cjs')) return;
      try {
        const place = join(directory, versionOf(program));
        if (!exists(place)) await makeIn(place, program, stopping.signal);
        ready = place;
      } catch (error) {
        if (!stopping.signal.aborted)
          log.warn({ err: error }, 'workers start slowly: no compiled code is kept');
      }
    },
    stop: () => stopping.abort(),
  };
}

/** Compiled code holds for exactly one Node on one kind of processor, and one text. */
function versionOf(program: string): string {
  const files = readdirSync(dirname(program)).sort();
  const texts = files.map((name) => {
    const { mtimeMs, size } = statSync(join(dirname(program), name));
    return `${name} ${size} ${mtimeMs}`;
  });
  const facts = [process.version, process.versions.v8, process.arch, program, ...texts];
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 32);
}

/** Whole or not at all; that of other versions goes. */
async function makeIn(place: string, program: string, signal: AbortSignal): Promise<void> {
  rmSync(dirname(place), { recursive: true, force: true });
  const draft = `${place}.new`;
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  await writeCode(program, draft, signal);
  renameSync(draft, place);
}

/** The worker itself writes it, as soon as it has loaded what a task begins with and is let go. */
async function writeCode(program: string, draft: string, signal: AbortSignal): Promise<void> {
  const child = fork(program, ['task', draft, 'write'], {
    cwd: draft,
    env: {},
    execArgv: ['--disable-sigusr1'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(MAKE_LIMIT_MS)]),
    killSignal: 'SIGKILL',
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  child.once('message', () => child.disconnect());
  const code = await exited;
  if (code !== 0) throw new Error(`The worker that writes compiled code exited with code ${code}.`);
}

function exists(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false }) !== undefined;
}
