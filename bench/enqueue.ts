import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { startSalesforce } from '../test/support/salesforce/start.ts';
import { end, program, registerOrg, startDaemon } from './daemon.ts';
import { type Figure, figure, percentile, round } from './figure.ts';

const CLIENTS = 64;
const TURNS = 2;
const BODY = JSON.stringify({
  task: 'salesforce.identity',
  org: 'uat',
  input: {},
  labels: { from: 'bench' },
});

interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Accepted operations per second: token check, idempotency, one durable commit each. */
export async function benchEnqueue(seconds: number): Promise<readonly Figure[]> {
  // In turns, so that both see the same machine.
  const turns: { readonly bare: Load; readonly durable: Load }[] = [];
  for (let turn = 0; turn < TURNS; turn += 1)
    turns.push({ bare: await loadBareRoute(seconds), durable: await loadDaemon(seconds) });
  const bare = mean(turns.map((turn) => turn.bare));
  const durable = mean(turns.map((turn) => turn.durable));
  return [
    figure({
      name: 'durable enqueue',
      value: round(durable.perSecond),
      unit: 'requests/s',
      baseline: { name: 'bare fastify route', value: round(bare.perSecond) },
      method: `POST /api/v1/operations over the edge socket, ${CLIENTS} clients, ${TURNS} times ${seconds} s in turns, API token, a new Idempotency-Key each, on disk before the 202 (p99 ${round(durable.p99Ms)} ms); against a fastify route with the same body and answer schemas that stores nothing (p99 ${round(bare.p99Ms)} ms)`,
    }),
  ];
}

function mean(loads: readonly Load[]): Load {
  const of = (name: keyof Load) => loads.reduce((sum, load) => sum + load[name], 0) / loads.length;
  return { perSecond: of('perSecond'), p99Ms: of('p99Ms') };
}

async function loadDaemon(seconds: number): Promise<Load> {
  const org = await startSalesforce();
  // One operation holds the only place, so that forks do not compete with what is measured.
  const daemon = await startDaemon({ worker: 'hold-worker.mjs', concurrency: 1 });
  try {
    await registerOrg(daemon, org);
    const { token } = await daemon.client.call('createToken', {
      body: { name: 'bench', scopes: ['operations:write'], expiresAt: null },
    });
    return await load(daemon.paths.edgeSocket, seconds, { authorization: `Bearer ${token}` });
  } finally {
    await daemon.stop();
    await org.stop();
  }
}

async function loadBareRoute(seconds: number): Promise<Load> {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-b-'));
  const socket = join(directory, 'bare.sock');
  const child = spawn(process.execPath, [program('bare-route.mjs'), socket], { stdio: 'inherit' });
  try {
    while (!existsSync(socket)) await delay(10);
    return await load(socket, seconds, {});
  } finally {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Each client sends its next request when the answer to the last one is there. The first second warms up and does not count. */
async function load(socketPath: string, seconds: number, headers: Record<string, string>): Promise<Load> {
  const pool = new Pool('http://localhost', { socketPath, connections: CLIENTS, pipelining: 1 });
  const latencies: number[] = [];
  const begin = performance.now() + 1_000;
  const finish = begin + seconds * 1_000;
  let sent = 0;
  const client = async () => {
    for (let now = performance.now(); now < finish; ) {
      sent += 1;
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/api/v1/operations',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': `bench-${sent}` },
        body: BODY,
      });
      const text = await body.text();
      if (statusCode !== 202) throw new Error(`Answered with ${statusCode}: ${text}`);
      const then = performance.now();
      if (now >= begin && then <= finish) latencies.push(then - now);
      now = then;
    }
  };
  try {
    await Promise.all(Array.from({ length: CLIENTS }, client));
  } finally {
    await pool.close();
  }
  return { perSecond: latencies.length / seconds, p99Ms: percentile(latencies, 0.99) };
}
