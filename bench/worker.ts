import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorker } from '../scripts/bundle-worker.ts';

/** The worker as it is published, but for its tasks: they say when they run, and do nothing else. */
export interface BenchWorker {
  readonly program: string;
  remove(): void;
}

export async function makeBenchWorker(): Promise<BenchWorker> {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-b-'));
  const tasks = new URL('./programs/no-op-tasks.ts', import.meta.url).pathname;
  const resolveId = (source: string): string | null => (source.endsWith('/task-code.ts') ? tasks : null);
  await bundleWorker(join(directory, 'worker'), [{ name: 'no-op tasks', resolveId }]);
  return {
    program: join(directory, 'worker', 'main.cjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
