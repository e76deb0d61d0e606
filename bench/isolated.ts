import { availableParallelism } from 'node:os';
import { isFinal } from '../src/contract/operation.ts';
import { startSalesforce } from '../test/support/salesforce/start.ts';
import { registerOrg, startDaemon } from './daemon.ts';
import { type Figure, figure, round } from './figure.ts';
import { forkEmpty } from './start-work.ts';

/** How many operations a second can have a process of their own. */
export async function benchIsolated(operations: number): Promise<readonly Figure[]> {
  const places = 2 * availableParallelism();
  const isolated = await runOperations(operations, places);
  const forks = await runForks(operations, places);
  return [
    figure({
      name: 'isolated no-op tasks',
      value: round(isolated),
      unit: 'operations/s',
      baseline: { name: 'fork of an empty module', value: round(forks) },
      method: `${operations} operations waiting, ${places} at once: claim, workspace, fresh process that keeps the worker protocol and does nothing else, outcome and events on disk; against ${operations} forks of an empty ES module, ${places} at once, until each exits`,
    }),
  ];
}

async function runOperations(operations: number, places: number): Promise<number> {
  const org = await startSalesforce();
  const daemon = await startDaemon({ worker: 'no-op-worker.mjs', concurrency: places });
  try {
    await registerOrg(daemon, org);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const subscribed = Promise.withResolvers<void>();
    let ended = 0;
    const subscription = daemon.client.subscribe('operations', {
      onMessage(message) {
        if (message.type === 'subscribed') subscribed.resolve();
        if (message.type !== 'event' || message.event.body.type !== 'state') return;
        const { to } = message.event.body;
        if (isFinal(to) && to !== 'succeeded') reject(new Error(`An operation ended ${to}.`));
        if (to === 'succeeded') ended += 1;
        if (ended === operations) resolve();
      },
    });
    await subscribed.promise;
    const start = performance.now();
    const requests = Array.from({ length: operations }, () =>
      daemon.client.call('createOperation', {
        body: { task: 'salesforce.identity', org: 'uat', input: {} },
      }),
    );
    await Promise.all([...requests, promise]);
    const seconds = (performance.now() - start) / 1_000;
    subscription.close();
    return operations / seconds;
  } finally {
    await daemon.stop();
    await org.stop();
  }
}

async function runForks(count: number, places: number): Promise<number> {
  const start = performance.now();
  let left = count;
  const place = async () => {
    while (left > 0) {
      left -= 1;
      await forkEmpty();
    }
  };
  await Promise.all(Array.from({ length: places }, place));
  return count / ((performance.now() - start) / 1_000);
}
