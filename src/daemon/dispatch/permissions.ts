import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isInside } from '../../contract/inside.ts';
import type { ResolvedSource, VaultReference, WorkerJob } from '../../contract/worker-protocol.ts';

/** Of JavaScript in one worker: our own tasks too may meet what is larger than anybody thought. */
const HEAP_MEGABYTES = 2_048;

/** What one worker may touch, beyond its own program. Everything that is not named here is refused by Node. */
export interface Needs {
  readonly job: WorkerJob;
  readonly workspace: string;
  readonly vault: VaultReference;
  /** Where source code comes from; the copy lies in the workspace. */
  readonly source: ResolvedSource | null;
  /** Where a command's files are kept; null: none are. */
  readonly artifacts?: string | null;
}

/** Where the program of a worker lies. */
export interface Program {
  readonly workerUrl: URL;
  /** The file or folder of the package that is running: `src` in a checkout, `dist` when built. */
  readonly codeDirectory: string;
  /** V8's compiled form of it; null: there is none. */
  readonly compiledCode: string | null;
}

/**
 * The arguments of Node for one worker: its permission model protects against accidents in our own task code. It holds
 * for JavaScript's file access and for starting processes; native code and sockets are not held by it.
 */
export function workerArguments(program: Program, needs: Needs): readonly string[] {
  const kept = needs.artifacts ?? null;
  const writable = [needs.workspace, ...vaultDirectories(needs.vault), ...(kept === null ? [] : [kept])];
  const compiled = program.compiledCode === null ? [] : [program.compiledCode];
  const readable = [...programFiles(program), ...compiled, ...writable, ...sourceFiles(needs)];
  return [
    '--permission',
    '--allow-addons', // keytar
    '--no-experimental-sqlite', // it opens files without asking the permission model
    // Beside what a job starts, a vault may have a helper of the machine's owner.
    ...(mayStartPrograms(needs.job) || needs.vault.provider === 'command' ? ['--allow-child-process'] : []),
    `--max-old-space-size=${HEAP_MEGABYTES}`,
    '--disable-warning=SecurityWarning', // "--allow-addons must be used with caution", once per worker
    '--disable-warning=ExperimentalWarning',
    ...unique(readable).map((path) => `--allow-fs-read=${path}`),
    ...unique(writable).map((path) => `--allow-fs-write=${path}`),
  ];
}

/** Git, and what is not ours; a worker that may is in a control group, and what it starts in a sandbox. A vault's helper is neither. */
export function mayStartPrograms(job: WorkerJob): boolean {
  return job !== 'task';
}

/** The folder of code that a module of this package runs from: `<package>/src` or `<package>/dist`. */
export function codeDirectoryOf(moduleUrl: string): string {
  let directory = dirname(fileURLToPath(moduleUrl));
  while (!['src', 'dist'].includes(basename(directory))) {
    const parent = dirname(directory);
    if (parent === directory) return dirname(fileURLToPath(moduleUrl));
    directory = parent;
  }
  return directory;
}

/** The home may lie inside the package (a throw-away home in a checkout), so the package's own folder is not named as a whole. */
function programFiles({
  workerUrl,
  codeDirectory,
}: Pick<Program, 'workerUrl' | 'codeDirectory'>): readonly string[] {
  const packageRoot = dirname(codeDirectory);
  const workerFile = fileURLToPath(workerUrl);
  return [
    codeDirectory,
    join(packageRoot, 'package.json'),
    ...(isInside(workerFile, codeDirectory) ? [] : [dirname(workerFile)]),
    ...moduleDirectories(packageRoot),
  ];
}

/** Dependencies may be hoisted into any node_modules above the package. */
function moduleDirectories(packageRoot: string): readonly string[] {
  const parent = dirname(packageRoot);
  const own = basename(packageRoot) === 'node_modules' ? packageRoot : join(packageRoot, 'node_modules');
  return parent === packageRoot ? [own] : [own, ...moduleDirectories(parent)];
}

function vaultDirectories(vault: VaultReference): readonly string[] {
  return vault.provider === 'file' ? [vault.directory] : [];
}

function sourceFiles({ source }: Needs): readonly string[] {
  if (source?.kind === 'upload') return [source.file];
  // Where what it opened really lies is a link of the kernel.
  return source?.kind === 'directory' ? [source.directory, '/proc/self/fd'] : [];
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}
