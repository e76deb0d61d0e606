import { readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { isLeftover } from '../../contract/leftover.ts';
import { type Check, missing, ok, warning } from './check.ts';

const MEGABYTE = 1024 * 1024;
/** Below the first the server says that it is not ready; below the second a day of much work may fill it. */
const LEAST_MEGABYTES = 100;
const FEW_MEGABYTES = 2_048;

export async function checkDisk(home: string): Promise<Check> {
  const { bavail, bsize } = await statfs(home);
  const free = Math.floor((bavail * bsize) / MEGABYTE);
  const detail = `${free.toLocaleString('en')} MB free`;
  const mend = 'Make room, or keep less: retention: in sfp-server.yaml.';
  if (free < LEAST_MEGABYTES) return missing('Disk', detail, mend);
  return free < FEW_MEGABYTES ? warning('Disk', detail, mend) : ok('Disk', detail);
}

/** Workspaces that the server could not remove; nothing to say where there are none. */
export function checkLeftovers({ work }: Pick<Paths, 'work'>): readonly Check[] {
  const left = namesIn(work).filter(isLeftover);
  if (left.length === 0) return [];
  const places = left.map((name) => join(work, name)).join(' ');
  const detail = `workspaces that could not be removed: ${left.length}`;
  return [
    warning('Work', detail, `See what keeps them, then rm -rf ${places}; the next start tries it too.`),
  ];
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Nobody else may look into what holds secrets, or change what the server believes. */
export function checkPermissions(paths: Paths, user: number = process.getuid?.() ?? 0): Check {
  const closed = [dirname(paths.database), paths.controlDirectory, paths.fileVault, paths.logs, paths.work];
  const places = [
    ...closed.map((path) => ({ path, forbidden: 0o077 })),
    { path: paths.home, forbidden: 0o022 },
    { path: paths.configuration, forbidden: 0o022 },
  ];
  const found = places.flatMap(({ path, forbidden }) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    if (stat.uid !== user)
      return [{ path, mend: `chown -R ${user} ${paths.home}`, what: 'belongs to another user' }];
    const mode = stat.mode & 0o777;
    if ((mode & forbidden) === 0) return [];
    const better = (mode & ~forbidden).toString(8);
    return [{ path, mend: `chmod ${better} ${path}`, what: `has mode ${mode.toString(8)}` }];
  });
  const [first] = found;
  if (first === undefined) return ok('Home', `${paths.home} is closed to everybody else`);
  const more = found.length > 1 ? `, and ${found.length - 1} more` : '';
  return missing('Home', `${first.path} ${first.what}${more}`, found.map(({ mend }) => mend).join('; '));
}
