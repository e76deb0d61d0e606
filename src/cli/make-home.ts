import { mkdir, writeFile } from 'node:fs/promises';
import type { Paths } from '../config/paths.ts';
import { AppError } from '../contract/errors.ts';

/** What `init` did about one place of the home. */
export interface HomePart {
  readonly path: string;
  readonly made: boolean;
}

/**
 * Makes what is missing of a home and touches nothing that exists. Only Caddy's way to its socket is open to other users of
 * the machine (0711: they may pass, not look).
 */
export async function makeHome(
  paths: Paths,
  files: { readonly configuration: string; readonly caddyfile: string },
): Promise<readonly HomePart[]> {
  const directories = [
    [paths.home, 0o711],
    [`${paths.home}/state`, 0o700],
    [`${paths.home}/run`, 0o711],
    [paths.controlDirectory, 0o700],
    [paths.edgeDirectory, 0o750],
    [paths.logs, 0o700],
    [paths.work, 0o700],
  ] as const;
  try {
    const parts: HomePart[] = [];
    for (const [path, mode] of directories) parts.push({ path, made: await makeDirectory(path, mode) });
    parts.push({
      path: paths.configuration,
      made: await makeFile(paths.configuration, files.configuration, 0o600),
    });
    parts.push({ path: paths.caddyfile, made: await makeFile(paths.caddyfile, files.caddyfile, 0o644) });
    return parts;
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new AppError('configuration-invalid', `The home ${paths.home} cannot be made: ${reason}.`, {
      cause,
      hint: 'Choose a directory that you may write to: SFP_SERVER_HOME.',
    });
  }
}

async function makeDirectory(path: string, mode: number): Promise<boolean> {
  return (await mkdir(path, { recursive: true, mode })) !== undefined;
}

async function makeFile(path: string, text: string, mode: number): Promise<boolean> {
  try {
    await writeFile(path, text, { mode, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
