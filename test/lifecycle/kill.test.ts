import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { OperationEvent } from '../../src/contract/event.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { sampleMetadata } from '../support/sample-project.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../support/server.ts';
import { until } from '../support/until.ts';

const toStop: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of toStop.splice(0).reverse()) await stop();
});

describe('a daemon killed in the middle of a deployment', () => {
  test('comes back, finds the same deployment and ends it; a client misses nothing and sees nothing twice', async () => {
    const { org, server, directory } = await setUp();
    org.holdDeployments(true);
    const events: OperationEvent[] = [];
    const operation = await enqueueDeployment(server, directory);
    const following = server.client.subscribe(`operation:${operation.id}`, {
      after: { epoch: (await server.client.call('serverStatus')).position.epoch, seq: 0 },
      onMessage: (message) => {
        if (message.type === 'event') events.push(message.event);
      },
    });
    await until(() => org.calls.deployStatus > 2, server.output);
    const deploymentId = org.deployments[0]?.id;

    await server.kill();
    await server.start();
    org.holdDeployments(false);

    const finished = await untilState(server, operation.id, 'succeeded', 'failed', 'indeterminate');
    expect(finished.state, JSON.stringify(finished.error)).toBe('succeeded');
    expect(finished.result).toMatchObject({ deploymentId, resumed: true });
    expect(finished.attempt).toBe(2);
    expect(org.calls.deploy).toBe(1);

    await until(() => events.some((event) => event.body.type === 'state' && event.body.to === 'succeeded'));
    following.close();
    const recorded = await server.client.call('listEvents', {
      params: { id: operation.id },
      query: { limit: 200 },
    });
    expect(events.map((event) => event.seq)).toEqual(recorded.items.map((event) => event.seq));
  });

  test('leaves no process and no workspace of the killed attempt', async () => {
    const { org, server, directory } = await setUp();
    org.holdDeployments(true);
    const operation = await enqueueDeployment(server, directory);
    await until(() => org.calls.deployStatus > 0, server.output);
    const workspaces = readdirSync(server.paths.work);

    await server.kill();
    await server.start();
    expect(readdirSync(server.paths.work).filter((name) => workspaces.includes(name))).toEqual([]);
    org.holdDeployments(false);
    await untilState(server, operation.id, 'succeeded');

    // What is there now belongs to workers that wait for work.
    const marked = readdirSync('/proc').filter((pid) => {
      try {
        const environment = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/environ`, 'utf8') : '';
        return workspaces.some((name) => environment.includes(name));
      } catch {
        return false;
      }
    });
    expect(marked).toEqual([]);
  });
});

async function setUp(): Promise<{ org: SalesforceStandIn; server: TestServer; directory: string }> {
  const org = await startSalesforce();
  toStop.push(() => org.stop());
  const project = sampleMetadata();
  toStop.push(project.remove);
  const server = await startTestServer({ configuration: { directories: [project.root] } });
  toStop.push(() => server.remove());
  await registerOrg(server, org);
  return { org, server, directory: project.directory };
}

async function enqueueDeployment(server: TestServer, directory: string) {
  return await server.client.call('createOperation', {
    body: { task: 'salesforce.deploy', org: 'uat', input: { source: { directory } } },
  });
}
