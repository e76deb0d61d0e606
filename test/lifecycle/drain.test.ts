import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CliRun, resultOf, runCli } from '../support/run-cli.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { sampleMetadata } from '../support/sample-project.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';
import { until } from '../support/until.ts';

let org: SalesforceStandIn;
let server: TestServer;
let project: ReturnType<typeof sampleMetadata>;

beforeEach(async () => {
  org = await startSalesforce();
  project = sampleMetadata();
  server = await startTestServer({ configuration: { directories: [project.root] } });
  await registerOrg(server, org);
});
afterEach(async () => {
  await server.remove();
  project.remove();
  await org.stop();
});

const cli = (words: readonly string[], started?: (child: ChildProcess) => void): Promise<CliRun> =>
  runCli(words, { home: server.paths.home, ...(started ? { started } : {}) });

/** A deployment that the org takes its time for. */
async function deploying(): Promise<string> {
  org.holdDeployments(true);
  const { id } = await server.client.call('createOperation', {
    body: { task: 'salesforce.deploy', org: 'uat', input: { source: { directory: project.directory } } },
  });
  await until(() => org.calls.deployStatus > 0, server.output);
  return id;
}

async function query(): Promise<string> {
  const body = { task: 'salesforce.query', org: 'uat', input: { soql: 'SELECT Id FROM Organization' } };
  return (await server.client.call('createOperation', { body })).id;
}

describe('stop --drain', () => {
  test('lets a deployment come to its end, takes work in meanwhile, starts none of it, and stops', async () => {
    const id = await deploying();
    const stopping = cli(['stop', '--drain']);
    await until(async () => (await server.client.call('serverStatus')).draining);
    const readiness = await server.client.call('readiness');
    expect(readiness.ready).toBe(false);
    expect(readiness.checks.find(({ name }) => name === 'dispatch')?.detail).toContain('draining');
    expect((await cli(['status'])).stdout).toContain('● draining');
    const waiting = await query();
    org.holdDeployments(false);
    const run = await stopping;
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('Draining: 1 operation still to end.');
    expect(run.stdout).toMatch(/Stopped \(pid \d+\)\.\n$/);
    await server.start();
    expect((await untilState(server, id, 'succeeded')).attempt).toBe(1);
    expect((await untilState(server, waiting, 'succeeded')).attempt).toBe(1);
    expect((await server.client.call('serverStatus')).draining).toBe(false);
  });

  test('ends with 69 when the wait is over; the drain goes on until it is taken back', async () => {
    const id = await deploying();
    const run = await cli(['stop', '--drain', '-w', '0', '--json']);
    expect(run.code).toBe(69);
    expect(resultOf(run)).toMatchObject({ stopped: false, draining: true });
    expect((await server.client.call('serverStatus')).draining).toBe(true);
    expect(await cli(['stop', '--cancel-drain'])).toMatchObject({ code: 0, stderr: '' });
    org.holdDeployments(false);
    await untilState(server, id, 'succeeded');
    await untilState(server, await query(), 'succeeded');
  });

  test('goes on when somebody stops watching it with Ctrl-C, and whoever takes it back is heard of by the others', async () => {
    await deploying();
    let printed = '';
    let child: ChildProcess | undefined;
    const listen = (one: ChildProcess) => {
      child = one;
      one.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
      });
    };
    const watching = cli(['stop', '--drain'], listen);
    await until(
      () => printed.includes('Draining: 1 operation'),
      () => printed,
    );
    child?.kill('SIGINT');
    const run = await watching;
    expect(run.code).toBe(69);
    expect(run.stdout).toContain('goes on draining');
    expect(run.stdout).toContain('sfp-server stop --cancel-drain');

    const other = cli(['stop', '--drain'], listen);
    printed = '';
    await until(
      () => printed.includes('Draining: 1 operation'),
      () => printed,
    );
    await cli(['stop', '--cancel-drain']);
    const told = await other;
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('took the drain back');
    org.holdDeployments(false);
  });

  test('is no way to stop at once', async () => {
    const run = await cli(['stop', '--drain', '--force']);
    expect(run.code).toBe(2);
  });
});
