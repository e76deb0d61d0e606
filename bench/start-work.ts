import { fork } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../src/client/client.ts';
import { isFinal } from '../src/contract/operation.ts';
import { startSalesforce } from '../test/support/salesforce/start.ts';
import { program, registerOrg, startDaemon } from './daemon.ts';
import { type Figure, figure, percentile, round } from './figure.ts';
import { makeBenchWorker } from './worker.ts';

/** The next standby worker is ready again, and the machine is quiet. */
const PAUSE_MS = 250;

/** How long it takes from an accepted operation until its code runs in a process that nobody used before: with one that waits, and without. */
export async function benchStartWork(rounds: number): Promise<readonly Figure[]> {
  const ahead = await measureStarts(rounds, 2);
  const cold = await measureStarts(Math.ceil(rounds / 3), 0);
  const forks: number[] = [];
  for (let done = 0; done < rounds; done += 1) forks.push(await forkEmpty());
  const figures = (name: string, times: readonly number[], how: string): readonly Figure[] =>
    [0.5, 0.99].map((share) =>
      figure({
        name: `${name}, p${share * 100}`,
        value: round(percentile(times, share)),
        unit: 'ms',
        baseline: { name: 'fork of an empty module', value: round(percentile(forks, share)) },
        method: `${times.length} operations one after the other: from sending POST /api/v1/operations over the control socket until the first line of the task's code, in a fresh process of the published worker with jsforce loaded; ${how}; against fork of an empty ES module until it exits`,
      }),
    );
  return [
    ...figures('add -> task code running', ahead, 'one of 2 standby workers takes it'),
    ...figures('without standby: add -> task code running', cold, 'standby: 0, so that it is forked then'),
  ];
}

async function measureStarts(rounds: number, standby: number): Promise<readonly number[]> {
  const worker = await makeBenchWorker();
  const org = await startSalesforce();
  const daemon = await startDaemon({ worker: worker.program, concurrency: 4, standby });
  try {
    await registerOrg(daemon, org);
    for (let done = 0; done < 3; done += 1) await measure(daemon.client);
    const times: number[] = [];
    for (let done = 0; done < rounds; done += 1) times.push(await measure(daemon.client));
    return times;
  } finally {
    await daemon.stop();
    await org.stop();
    worker.remove();
  }
}

async function measure(client: Client): Promise<number> {
  await delay(PAUSE_MS);
  const start = performance.timeOrigin + performance.now();
  const { id } = await client.call('createOperation', {
    body: { task: 'salesforce.identity', org: 'uat', input: {} },
  });
  return (await momentOf(client, id)) - start;
}

/** When its code ran, by the clock of its process. */
async function momentOf(client: Client, id: string): Promise<number> {
  for (;;) {
    await delay(20);
    const operation = await client.call('getOperation', { params: { id } });
    if (operation.state === 'succeeded') return Number(operation.result?.['username']);
    if (isFinal(operation.state)) throw new Error(`${operation.state}: ${operation.error?.message}`);
  }
}

/** In a session of its own and with pipes, as workers are: the system's scheduler shares its time out by sessions. */
export async function forkEmpty(): Promise<number> {
  const start = performance.now();
  const child = fork(program('empty.mjs'), { detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  await new Promise((resolve) => child.once('exit', resolve));
  return performance.now() - start;
}
