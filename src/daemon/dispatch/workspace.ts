import { mkdirSync, realpathSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import type { WorkerJob } from '../../contract/worker-protocol.ts';
import { removeTree } from './remove-tree.ts';

/** A directory for one attempt: nothing of it is left when the attempt has ended. */
export interface Workspace {
  /** Unlike that of any other workspace, ever. */
  readonly name: string;
  readonly directory: string;
  readonly source: string;
  remove(): Promise<void>;
}

/** The places of one worker in a workspace. */
export interface WorkerPlaces {
  readonly directory: string;
  readonly home: string;
  readonly temporary: string;
}

const PREFIX = 'w_';

/** A few calls without waiting: they take less than their way through the thread pool. */
export function makeWorkspace(work: string): Workspace {
  mkdirSync(work, { recursive: true, mode: 0o700 });
  const name = `${PREFIX}${ulid()}`;
  // Real, because workers answer with real paths and are permitted to use what is named.
  const directory = join(realpathSync(work), name);
  const source = join(directory, 'source');
  for (const path of [directory, source]) mkdirSync(path, { mode: 0o700 });
  return { name, directory, source, remove: () => remove(directory) };
}

export function isWorkspaceName(name: string): boolean {
  return name.startsWith(PREFIX);
}

export function placesOf(workspace: Workspace, job: WorkerJob): WorkerPlaces {
  const directory = join(workspace.directory, job);
  return { directory, home: join(directory, 'home'), temporary: join(directory, 'tmp') };
}

export function makePlaces(places: WorkerPlaces): void {
  for (const path of [places.directory, places.home, places.temporary]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

/** Most workers leave nothing but their empty places, and those are gone before a tree is walked. */
async function remove(directory: string): Promise<void> {
  if (await removeEmpty(directory)) return;
  await removeTree(directory);
}

const EMPTY_PLACES = ['task/home', 'task/tmp', 'task', 'source', ''];

async function removeEmpty(directory: string): Promise<boolean> {
  try {
    for (const place of EMPTY_PLACES) await rmdir(join(directory, place));
    return true;
  } catch {
    return false;
  }
}
