import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../src/client/client.ts';
import { isFinal } from '../src/contract/operation.ts';
import { type SalesforceStandIn, startSalesforce } from '../test/support/salesforce/start.ts';
import { program, registerOrg, startDaemon } from './daemon.ts';
import { type Figure, figure, percentile, round } from './figure.ts';

/** How long it takes from an accepted operation until its code speaks to the org, in a process that nobody used before. */
export async function benchStartWork(rounds: number): Promise<readonly Figure[]> {
  const org = await startSalesforce();
  const daemon = await startDaemon({ worker: null, concurrency: 4 });
  try {
    await registerOrg(daemon, org);
    await measure(daemon.client, org);
    const times: number[] = [];
    const forks: number[] = [];
    for (let done = 0; done < rounds; done += 1) {
      times.push(await measure(daemon.client, org));
      forks.push(await forkEmpty());
    }
    return [0.5, 0.99].map((share) =>
      figure({
        name: `add -> task code running, p${share * 100}`,
        value: round(percentile(times, share)),
        unit: 'ms',
        baseline: { name: 'fork of an empty module', value: round(percentile(forks, share)) },
        method: `${rounds} operations one after the other: from sending POST /api/v1/operations over the control socket until the stand-in org receives the task's first call (the session's token request), in a fresh process each; against fork of an empty ES module until it exits`,
      }),
    );
  } finally {
    await daemon.stop();
    await org.stop();
  }
}

async function measure(client: Client, org: SalesforceStandIn): Promise<number> {
  const before = org.calls.token;
  const start = performance.now();
  const { id } = await client.call('createOperation', {
    body: { task: 'salesforce.identity', org: 'uat', input: {} },
  });
  while (org.calls.token === before) await delay(1);
  const elapsed = performance.now() - start;
  await untilEnded(client, id);
  return elapsed;
}

async function untilEnded(client: Client, id: string): Promise<void> {
  for (;;) {
    const operation = await client.call('getOperation', { params: { id } });
    if (operation.state === 'succeeded') return;
    if (isFinal(operation.state)) throw new Error(`${operation.state}: ${operation.error?.message}`);
    await delay(10);
  }
}

export async function forkEmpty(): Promise<number> {
  const start = performance.now();
  const child = fork(program('empty.mjs'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - start;
}
