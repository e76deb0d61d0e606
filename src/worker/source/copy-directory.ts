import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { isInside } from '../../contract/inside.ts';
import { checkSize, DIRECTORY_LIMIT, type Size } from './limits.ts';

/** What belongs to a checkout and not to its source code. */
const LEFT_OUT = new Set(['.git', '.sf', '.sfdx', 'node_modules']);
/** Whoever may write into the directory may put a pipe there meanwhile, and nobody would ever write into that. */
const OPENING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Copies a directory of this machine, so that nobody changes it under a deployment. Links are followed, but not out of it. */
export async function copyDirectory(
  from: string,
  to: string,
  signal: AbortSignal,
  openFile: typeof open = open,
): Promise<Size> {
  const copied = { files: 0, bytes: 0 };
  const root = await sameAsResolved(from);
  const todo = [root];
  for (let directory = todo.pop(); directory !== undefined; directory = todo.pop()) {
    signal.throwIfAborted();
    await mkdir(join(to, relative(root, directory)), { recursive: true });
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (LEFT_OUT.has(entry.name)) continue;
      if (entry.isDirectory()) todo.push(path);
      else await copyOne(path, join(to, relative(root, path)), { root, copied, openFile });
    }
  }
  return copied;
}

/** The daemon names a real path; one that leads elsewhere by now was exchanged for a link meanwhile. */
async function sameAsResolved(from: string): Promise<string> {
  const real = await realpath(from).catch(() => null);
  if (real === from) return real;
  throw new AppError('source-invalid', `The directory ${from} was moved or replaced meanwhile.`);
}

interface Copying {
  readonly root: string;
  readonly copied: { files: number; bytes: number };
  readonly openFile: typeof open;
}

async function copyOne(path: string, target: string, { root, copied, openFile }: Copying): Promise<void> {
  const name = relative(root, path);
  const real = await realpath(path).catch(() => null);
  if (real === null || !isInside(real, root)) throw leadsOut(name);
  const file = await openFile(real, OPENING).catch((error: NodeJS.ErrnoException) => {
    throw new AppError('source-invalid', `${name} cannot be read (${error.code}).`);
  });
  try {
    // What was opened counts, and not what its path said a moment before.
    const place = await placeOf(file, real);
    if (place === null || !isInside(place, root)) throw leadsOut(name);
    const found = await file.stat();
    if (!found.isFile()) throw new AppError('source-invalid', `${name} is neither a file nor a directory.`);
    copied.files += 1;
    copied.bytes += found.size;
    checkSize('The directory', copied, DIRECTORY_LIMIT);
    // It may grow meanwhile: no more of it than what was counted.
    const text = found.size === 0 ? '' : file.createReadStream({ autoClose: false, end: found.size - 1 });
    await writeFile(target, text, { mode: found.mode & 0o777 });
  } finally {
    await file.close();
  }
}

/** Where an open file lies. Linux says it of the file itself; elsewhere its path is looked up again, and must still lead to it. */
async function placeOf(file: FileHandle, path: string): Promise<string | null> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${file.fd}`);
  const real = await realpath(path);
  const [there, opened] = [await stat(real), await file.stat()];
  return there.dev === opened.dev && there.ino === opened.ino ? real : null;
}

function leadsOut(name: string): AppError {
  return new AppError('source-invalid', `The link ${name} leads out of the directory, or nowhere.`);
}
