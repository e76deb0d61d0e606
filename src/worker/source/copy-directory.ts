import { copyFile, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { isInside } from '../workspace.ts';
import { checkSize, DIRECTORY_LIMIT, type Size } from './limits.ts';

/** What belongs to a checkout and not to its source code. */
const LEFT_OUT = new Set(['.git', '.sf', '.sfdx', 'node_modules']);

/** Copies a directory of this machine, so that nobody changes it under a deployment. Links are followed, but not out of it. */
export async function copyDirectory(from: string, to: string, signal: AbortSignal): Promise<Size> {
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
      else await copyOne(path, join(to, relative(root, path)), { root, copied });
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

async function copyOne(
  path: string,
  target: string,
  { root, copied }: { readonly root: string; readonly copied: { files: number; bytes: number } },
): Promise<void> {
  const real = await realpath(path).catch(() => null);
  if (real === null || !isInside(real, root)) {
    throw new AppError(
      'source-invalid',
      `The link ${relative(root, path)} leads out of the directory, or nowhere.`,
    );
  }
  const { size, ...found } = await stat(real).then((one) => ({ size: one.size, isFile: one.isFile() }));
  if (!found.isFile) {
    throw new AppError('source-invalid', `${relative(root, path)} is neither a file nor a directory.`);
  }
  copied.files += 1;
  copied.bytes += size;
  checkSize('The directory', copied, DIRECTORY_LIMIT);
  await copyFile(real, target);
}
