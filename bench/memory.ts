import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { withDaemon } from './enqueue.ts';
import { type Figure, figure, round } from './figure.ts';
import { enqueueMany } from './load.ts';

const WAITING = 10_000;
const STANDBY = 2;
const REST_MS = 10_000;
const MB = 1024 * 1024;

/** What a server costs that has nothing to do, and one with a long queue. */
export async function benchMemory(): Promise<readonly Figure[]> {
  return await withDaemon({ worker: null, standby: STANDBY }, async (daemon, headers) => {
    await delay(REST_MS);
    const idle = (await daemon.probe()).rssBytes;
    const workers = childrenOf(daemon.pid).map(rssOf);
    await daemon.client.call('pauseServer', { body: { reason: 'all of it waits' } });
    await enqueueMany(daemon.paths.edgeSocket, headers, WAITING);
    await delay(REST_MS);
    const waiting = (await daemon.probe()).rssBytes;
    const megabytes = (bytes: number) => round(bytes / MB);
    const standby = `${workers.length} standby workers of the published package beside it: ${megabytes(workers.reduce((all, one) => all + one, 0))} MB`;
    return [
      figure({
        name: 'memory of the daemon, idle',
        value: megabytes(idle),
        unit: 'MB',
        baseline: { name: 'the bench itself', value: megabytes(process.memoryUsage.rss()) },
        method: `resident memory of the daemon's process, its store thread included, ${REST_MS / 1_000} s after its start; ${standby}`,
      }),
      figure({
        name: `memory for 10,000 waiting`,
        value: megabytes(waiting - idle),
        unit: 'MB',
        baseline: { name: 'idle', value: megabytes(idle) },
        method: `growth of the same process ${REST_MS / 1_000} s after ${WAITING} operations were enqueued over HTTP by 64 clients; what was read to serve them is still in it`,
      }),
    ];
  });
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}

function rssOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
