import { mkdir, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../contract/errors.ts';
import { isInside } from '../contract/inside.ts';

/** The places of an attempt below its workspace. */
export interface Workspace {
  /** Fetched source code; left there for the worker of the task. */
  readonly source: string;
  /** This worker's own home: credentials for Git lie here for a moment. */
  readonly home: string;
}

export function workspaceOf(directory: string): Workspace {
  return { source: join(directory, 'source'), home: homedir() };
}

/** An earlier worker of the same attempt may have left something. */
export async function emptyDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** The real path of a directory inside another one; AppError source-invalid when it is missing or leads outside. */
export async function directoryInside(root: string, path: string): Promise<string> {
  const real = await realpath(join(root, path)).catch(() => null);
  if (real === null) throw new AppError('source-invalid', `The source code has no directory ${path}.`);
  if (isInside(real, await realpath(root))) return real;
  throw new AppError('source-invalid', `The path ${path} leads out of the source code.`);
}
