import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { build as bundle } from 'rolldown';
import { FIXTURE_WORKERS, fixtureWorkerFile } from './fixture-worker.ts';

/** Builds `dist/` once before the tests: what is tested end to end is what is published. And the workers that tests hand to a daemon. */
export default async function build(): Promise<void> {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
  await Promise.all(FIXTURE_WORKERS.map(bundleWorker));
}

/** They are forked some hundred times, and to strip the types of what they import would take most of their time. */
async function bundleWorker(name: (typeof FIXTURE_WORKERS)[number]): Promise<void> {
  const file = fixtureWorkerFile(name);
  rmSync(file, { force: true });
  await bundle({
    input: `test/fixtures/workers/${name}.ts`,
    platform: 'node',
    output: { file, format: 'esm' },
    logLevel: 'warn',
  });
}
