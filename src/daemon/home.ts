import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Paths } from '../config/paths.ts';
import { AppError } from '../contract/errors.ts';
import { diskTrouble } from './store/disk-trouble.ts';

/**
 * Makes what is missing of a home, and gives every place the mode that keeps others out of it.
 * `shared`: Caddy runs as another user, whose group reaches the edge's socket.
 */
export function prepareHome(paths: Paths, options: { readonly shared: boolean }): void {
  try {
    const state = dirname(paths.database);
    for (const directory of [state, paths.uploads, paths.work, paths.logs, paths.controlDirectory]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      chmodSync(directory, 0o700);
    }
    if (options.shared) letThrough(paths);
  } catch (error) {
    const { message } = error as Error;
    const trouble = diskTrouble(error, `the home ${paths.home} cannot be used`);
    if (trouble !== null) throw trouble;
    throw new AppError('store-unavailable', `The home ${paths.home} cannot be used: ${message}.`, {
      cause: error,
      hint: 'Give the home to the user that runs the server.',
    });
  }
}

/** What the control door asks for: fresh at every start, readable by the owner alone, never half-written. */
export function writeControlKey(paths: Paths): string {
  const key = randomBytes(32).toString('base64url');
  const draft = `${paths.controlKey}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, key, { mode: 0o600, flag: 'wx' });
  renameSync(draft, paths.controlKey);
  return key;
}

export function removeControlKey(paths: Paths): void {
  rmSync(paths.controlKey, { force: true });
}

/** Caddy's user passes through the home to its socket; it may list nothing on the way. */
function letThrough(paths: Paths): void {
  const run = dirname(paths.edgeDirectory);
  for (const directory of [paths.home, run]) {
    const mode = statSync(directory).mode & 0o7777;
    if ((mode & 0o011) !== 0o011) chmodSync(directory, mode | 0o011);
  }
}
