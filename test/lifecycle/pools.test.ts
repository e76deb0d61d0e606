import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from '../../src/contract/operation.ts';
import { type CliRun, resultOf, runCli } from '../support/run-cli.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { sampleMetadata } from '../support/sample-project.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';
import { until } from '../support/until.ts';

let orgs: readonly SalesforceStandIn[];
let server: TestServer;
let project: ReturnType<typeof sampleMetadata>;

beforeAll(async () => {
  orgs = [await startSalesforce(), await startSalesforce({ organisationId: '00D000000000009EAA' })];
  project = sampleMetadata();
  const pools = { ci: ['ci1', 'ci2'] };
  server = await startTestServer({
    configuration: { directories: [project.root], orgs: { ci1: {}, ci2: {} }, pools },
  });
  for (const [index, org] of orgs.entries()) await registerOrg(server, org, `ci${index + 1}`);
});
afterAll(async () => {
  await server.remove();
  project.remove();
  for (const org of orgs) await org.stop();
});

const cli = (words: readonly string[]): Promise<CliRun> => runCli(words, { home: server.paths.home });

async function enqueue(): Promise<string> {
  const words = ['enqueue', 'salesforce.deploy', '-o', 'ci', '-i', `source.directory=${project.directory}`];
  return (await cli([...words, '--async'])).stdout.trim();
}

test('deployments of a pool run in both of its orgs, the third in the first that is free, each with its own login', async () => {
  for (const org of orgs) org.holdDeployments(true);
  const ids = [await enqueue(), await enqueue(), await enqueue()];
  await until(() => orgs.every((org) => org.deployments.length === 1), server.output);
  const [first = '', second = '', third = ''] = ids;
  expect((await show(first)).org).toBe('ci1');
  expect((await show(second)).org).toBe('ci2');
  expect(await show(third)).toMatchObject({
    org: null,
    pool: 'ci',
    waitingFor: { reason: 'pool', place: 1 },
  });
  expect((await cli(['operation', 'show', third])).stdout).toContain(
    'it waits for an org of its pool, place 1',
  );
  orgs[1]?.holdDeployments(false);
  expect((await untilState(server, third, 'succeeded')).org).toBe('ci2');
  orgs[0]?.holdDeployments(false);
  expect(await untilState(server, first, 'succeeded')).toMatchObject({ org: 'ci1', pool: 'ci' });
  const listed = resultOf<{ items: Operation[] }>(await cli(['operation', 'list', '-o', 'ci2', '--json']));
  expect(listed.items.map(({ id }) => id)).toEqual([third, second]);
});

test('an org cannot be logged in to under the name of a pool', async () => {
  const body = {
    kind: 'jwt',
    username: 'ci@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: '00D000000000001EAA',
  } as const;
  await expect(server.client.call('putOrg', { params: { org: 'ci' }, body })).rejects.toMatchObject({
    code: 'invalid-request',
  });
});

async function show(id: string): Promise<Operation> {
  return server.client.call('getOperation', { params: { id } });
}
