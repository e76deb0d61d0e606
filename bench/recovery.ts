import { setTimeout as delay } from 'node:timers/promises';
import { type SalesforceStandIn, startSalesforce } from '../test/support/salesforce/start.ts';
import { sampleProject } from '../test/support/sample-project.ts';
import { registerOrg, startTestServer, type TestServer, untilState } from '../test/support/server.ts';
import { until } from '../test/support/until.ts';
import { type Figure, figure, percentile, round } from './figure.ts';
import { forkEmpty } from './start-work.ts';

/** How long it takes from the exec of the next daemon until the org is asked about the deployment that the killed one had sent. */
export async function benchRecovery(rounds: number): Promise<readonly Figure[]> {
  const org = await startSalesforce();
  const project = sampleProject();
  const server = await startTestServer({ configuration: { directories: [project.root] } });
  try {
    await registerOrg(server, org);
    const times: number[] = [];
    const forks: number[] = [];
    for (let done = 0; done < rounds; done += 1) {
      times.push(await crash(server, org, project.directory));
      forks.push(await forkEmpty());
    }
    return [0.5, 1].map((share) =>
      figure({
        name: `crash -> running again, ${share === 1 ? 'longest' : 'p50'}`,
        value: round(percentile(times, share)),
        unit: 'ms',
        baseline: { name: 'fork of an empty module', value: round(percentile(forks, share)) },
        method: `${rounds} times: kill -9 of the daemon while its deployment goes on in the org, then from the exec of \`sfp-server start\` until the stand-in org is asked about that deployment again; against fork of an empty ES module until it exits`,
      }),
    );
  } finally {
    await server.remove();
    project.remove();
    await org.stop();
  }
}

async function crash(server: TestServer, org: SalesforceStandIn, directory: string): Promise<number> {
  org.holdDeployments(true);
  const { id } = await server.client.call('createOperation', {
    body: { task: 'salesforce.deploy', org: 'uat', input: { source: { directory } } },
  });
  const before = org.calls.deployStatus;
  await until(() => org.calls.deployStatus > before, server.output);
  await server.kill();
  await delay(50); // what the orphan had asked already has been counted
  const asked = org.calls.deployStatus;
  const start = performance.now();
  server.launch();
  while (org.calls.deployStatus === asked) await delay(1);
  const elapsed = performance.now() - start;
  org.holdDeployments(false);
  await untilState(server, id, 'succeeded');
  return elapsed;
}
