import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** An attempt's own directory: nothing of it is left when the attempt has ended. */
export interface Workspace {
  readonly directory: string;
  readonly source: string;
  remove(): Promise<void>;
}

export async function makeWorkspace(work: string, operation: string, attempt: number): Promise<Workspace> {
  await mkdir(work, { recursive: true, mode: 0o700 });
  // Real, because workers answer with real paths and are permitted to use what is named.
  const directory = join(await realpath(work), `${operation}.${attempt}`);
  const source = join(directory, 'source');
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
  await remove();
  for (const path of [directory, source]) await mkdir(path, { mode: 0o700 });
  return { directory, source, remove };
}
