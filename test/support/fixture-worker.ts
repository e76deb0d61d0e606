import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Workers that tests hand to a daemon in place of its own: `test/fixtures/workers/<name>.ts`. */
export const FIXTURE_WORKERS = ['scripted', 'silent', 'small-worker'] as const;

export function fixtureWorker(name: (typeof FIXTURE_WORKERS)[number]): URL {
  return pathToFileURL(fixtureWorkerFile(name));
}

/** Where it lies once it is built. */
export function fixtureWorkerFile(name: string): string {
  return join(import.meta.dirname, '..', '..', '.cache', 'fixtures', `${name}.mjs`);
}
