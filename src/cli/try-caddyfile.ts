import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import { validateCaddyfile } from './caddy.ts';

/** Lets Caddy judge a Caddyfile without putting it in the home's place. AppErrors of validateCaddyfile. */
export async function tryCaddyfile(paths: Paths, caddyfile: string): Promise<void> {
  await mkdir(paths.caddyData, { recursive: true, mode: 0o700 });
  const directory = await mkdtemp(join(paths.caddyData, 'validate-'));
  try {
    const file = join(directory, 'Caddyfile');
    await writeFile(file, caddyfile);
    await validateCaddyfile(file, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
