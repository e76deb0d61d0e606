import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startSalesforce } from '../test/support/salesforce/start.ts';
import { builtProgram } from './build.ts';
import { type BenchDaemon, end, registerOrg, startDaemon } from './daemon.ts';
import { type Figure, figure, median, round } from './figure.ts';
import { CLIENTS, type Load, load, WARM_UP_REQUESTS } from './load.ts';

const TURNS = 3;

/** Accepted operations per second: token check, idempotency, one durable commit each; and how long the daemon's timers wait meanwhile. */
export async function benchEnqueue(seconds: number): Promise<readonly Figure[]> {
  // In turns, so that both see the same machine.
  const turns: { readonly bare: Load; readonly durable: Load & { readonly lagP99Ms: number } }[] = [];
  for (let turn = 0; turn < TURNS; turn += 1)
    turns.push({ bare: await loadBareRoute(seconds), durable: await loadDaemon(seconds) });
  const bare = median(turns.map((turn) => turn.bare.perSecond));
  const durable = turns.map((turn) => turn.durable);
  const p99Ms = round(median(durable.map((one) => one.p99Ms)));
  const how = `${CLIENTS} clients over the edge socket, median of ${TURNS} turns of ${seconds} s after ${WARM_UP_REQUESTS} requests`;
  return [
    figure({
      name: 'durable enqueue',
      value: round(median(durable.map((one) => one.perSecond))),
      unit: 'requests/s',
      baseline: { name: 'bare fastify route', value: round(bare) },
      method: `POST /api/v1/operations, ${how}: API token, a new Idempotency-Key each, all indexes, dispatch on, log level error, on disk before the 202 (p99 ${p99Ms} ms); against a fastify route with the same body and answer schemas that stores nothing`,
    }),
    figure({
      name: 'event loop lag under full enqueue load, p99',
      value: round(median(durable.map((one) => one.lagP99Ms))),
      unit: 'ms',
      baseline: { name: 'p99 of an answer', value: p99Ms },
      method: `the same load, ${how}: how much later than asked for a timer of 1 ms fires in the daemon's process (monitorEventLoopDelay)`,
    }),
  ];
}

async function loadDaemon(seconds: number): Promise<Load & { readonly lagP99Ms: number }> {
  return await withHeldDaemon(async (daemon, headers) => {
    const warm = () => daemon.beginProbe();
    const measured = await load(daemon.paths.edgeSocket, headers, { seconds, warm });
    const { lagP99Ms } = await daemon.probe();
    return { ...measured, lagP99Ms };
  });
}

/** One operation holds the only place, so that forks do not compete with what is measured. */
async function withHeldDaemon<T>(use: Use<T>): Promise<T> {
  return await withDaemon({ worker: 'hold-worker.mjs', standby: 0 }, use);
}

type Use<T> = (daemon: BenchDaemon, headers: Record<string, string>) => Promise<T>;

/** With an org, and a token of a program that enqueues. `worker` null: the published one. */
export async function withDaemon<T>(
  options: { readonly worker: string | null; readonly standby: number },
  use: Use<T>,
): Promise<T> {
  const org = await startSalesforce();
  const daemon = await startDaemon({ ...options, concurrency: 1 });
  try {
    await registerOrg(daemon, org);
    const { token } = await daemon.client.call('createToken', {
      body: { name: 'bench', scopes: ['operations:write'], expiresAt: null },
    });
    return await use(daemon, { authorization: `Bearer ${token}` });
  } finally {
    await daemon.stop();
    await org.stop();
  }
}

async function loadBareRoute(seconds: number): Promise<Load> {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-b-'));
  const socket = join(directory, 'bare.sock');
  const child = spawn(process.execPath, [builtProgram('bare-route'), socket], { stdio: 'inherit' });
  try {
    while (!existsSync(socket)) await delay(10);
    return await load(socket, {}, { seconds, warm: () => undefined });
  } finally {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  }
}
