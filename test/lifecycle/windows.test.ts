import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Operation } from '../../src/contract/operation.ts';
import type { Org } from '../../src/contract/org.ts';
import { type CliRun, resultOf, runCli } from '../support/run-cli.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { sampleMetadata } from '../support/sample-project.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';
import { until } from '../support/until.ts';

let org: SalesforceStandIn;
let server: TestServer;
let project: ReturnType<typeof sampleMetadata>;

beforeAll(async () => {
  org = await startSalesforce();
  project = sampleMetadata();
  server = await startTestServer({ configuration: configuration() });
  await registerOrg(server, org);
});
afterAll(async () => {
  await server.remove();
  project.remove();
  await org.stop();
});

const cli = (words: readonly string[]): Promise<CliRun> => runCli(words, { home: server.paths.home });

/** A freeze from yesterday to tomorrow. */
function configuration(): Record<string, unknown> {
  const freeze = [{ from: day(-1), to: day(1), reason: 'year end' }];
  return { directories: [project.root], orgs: { uat: { freeze } } };
}

function day(from: number): string {
  return new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
}

async function enqueue(...flags: readonly string[]): Promise<string> {
  const words = ['enqueue', 'salesforce.deploy', '-o', 'uat', '-i', `source.directory=${project.directory}`];
  const run = await cli([...words, '--async', ...flags]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  return run.stdout.trim();
}

test('in a freeze deployments wait and queries run; an override is recorded; the end of the freeze starts what waits', async () => {
  const waiting = await enqueue();
  await until(async () => (await show(waiting)).waitingFor?.reason === 'window');
  expect((await show(waiting)).waitingFor?.note).toBe('freeze: year end');
  const shown = await cli(['operation', 'show', waiting]);
  expect(shown.stdout).toMatch(/Waiting +it waits until its org opens in .* \(freeze: year end\)/);

  const query = await cli([
    'enqueue',
    'salesforce.query',
    '-o',
    'uat',
    '-i',
    'soql=SELECT Id FROM Organization',
  ]);
  expect(query.code).toBe(0);

  const { orgs } = resultOf<{ orgs: Org[] }>(await cli(['org', 'list', '--json']));
  expect(orgs[0]?.window).toMatchObject({ open: false, closedTo: 'exclusive', note: 'freeze: year end' });
  expect((await cli(['org', 'list'])).stdout).toMatch(
    /uat is closed to exclusive work such as deployments until .* \(freeze: year end\)\n/,
  );

  const hotfix = await enqueue('--override-window', 'hotfix 42, asked for by Ann');
  expect(await untilState(server, hotfix, 'succeeded')).toMatchObject({
    overrideWindow: 'hotfix 42, asked for by Ann',
  });
  expect((await cli(['operation', 'show', hotfix])).stdout).toContain('hotfix 42, asked for by Ann');
  expect((await cli(['tail', hotfix])).stdout).toContain(
    'starts whatever the window says, by the owner: hotfix 42, asked for by Ann',
  );
  expect((await show(waiting)).state).toBe('queued');

  const open = { vault: { provider: 'file' }, ...configuration(), orgs: { uat: {} } };
  writeFileSync(server.paths.configuration, stringify(open));
  process.kill(server.pid, 'SIGHUP');
  await untilState(server, waiting, 'succeeded');
  expect((await server.client.call('listOrgs')).items[0]?.window).toBeUndefined();
});

test('an override without a reason is refused', async () => {
  const run = await cli(['enqueue', 'salesforce.identity', '-o', 'uat', '--override-window', ' ']);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('--override-window needs a reason');
});

async function show(id: string): Promise<Operation> {
  return server.client.call('getOperation', { params: { id } });
}
