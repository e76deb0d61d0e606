import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';
import { until } from '../support/until.ts';

let org: SalesforceStandIn;
let server: TestServer;

beforeEach(async () => {
  org = await startSalesforce();
  server = await startTestServer();
  await registerOrg(server, org);
});
afterEach(async () => {
  await server.remove();
  await org.stop();
});

/** The command lines of this server's workers. */
function workers(): readonly (readonly string[])[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const environment = read(`/proc/${pid}/environ`);
    return environment.includes(`HOME=${server.paths.work}/`)
      ? [read(`/proc/${pid}/cmdline`).split('\0')]
      : [];
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

test('the published worker is a bundle that runs from compiled code, which it may read and not write', async () => {
  await until(() => workers().length > 0, server.output);
  const [words = []] = workers();
  const program = words.findIndex((word) => word.endsWith('/dist/worker/main.cjs'));
  expect(words.slice(program + 1, program + 2)).toEqual(['task']);
  const compiled = words[program + 2] ?? '';
  expect(compiled.startsWith(server.paths.compiledCode)).toBe(true);
  expect(readdirSync(compiled)).toContain('program.cjs.compiled');
  expect(words).toContain(`--allow-fs-read=${compiled}`);
  const writable = words.filter((word) => word.startsWith('--allow-fs-write='));
  expect(writable.some((word) => compiled.startsWith(word.slice('--allow-fs-write='.length)))).toBe(false);

  const { id } = await server.client.call('createOperation', {
    body: { task: 'salesforce.identity', org: 'uat', input: {} },
  });
  const operation = await untilState(server, id, 'succeeded', 'failed');
  expect(operation.error).toBeNull();
});

test('a killed server leaves none of the workers that wait for work', async () => {
  await until(() => workers().length > 0, server.output);
  await server.kill();
  await until(() => workers().length === 0);
  await server.start();
  await until(() => workers().length === 2, server.output);
  await server.stop();
  expect(workers()).toEqual([]);
  expect(readdirSync(server.paths.work)).toEqual([]);
});
