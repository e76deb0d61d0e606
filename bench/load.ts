import { Pool } from 'undici';
import { percentile } from './figure.ts';

export const CLIENTS = 64;
/** By then the code of either side is compiled. */
export const WARM_UP_REQUESTS = 10_000;

const BODY = JSON.stringify({
  task: 'salesforce.identity',
  org: 'uat',
  input: {},
  labels: { from: 'bench' },
});

export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Each client sends its next request when the answer to the last one is there. */
export async function load(
  socketPath: string,
  headers: Record<string, string>,
  options: { readonly seconds: number; readonly warm: () => void },
): Promise<Load> {
  const pool = new Pool('http://localhost', { socketPath, connections: CLIENTS, pipelining: 1 });
  const post = poster(pool, headers);
  try {
    let left = WARM_UP_REQUESTS;
    await together(async () => {
      while (left-- > 0) await post();
    });
    options.warm();
    const latencies: number[] = [];
    const begin = performance.now();
    const finish = begin + options.seconds * 1_000;
    await together(async () => {
      for (let now = performance.now(); now < finish; ) {
        await post();
        const then = performance.now();
        if (then <= finish) latencies.push(then - now);
        now = then;
      }
    });
    return { perSecond: latencies.length / options.seconds, p99Ms: percentile(latencies, 0.99) };
  } finally {
    await pool.close();
  }
}

/** `count` operations, as quickly as they are taken. */
export async function enqueueMany(
  socketPath: string,
  headers: Record<string, string>,
  count: number,
): Promise<void> {
  const pool = new Pool('http://localhost', { socketPath, connections: CLIENTS, pipelining: 1 });
  const post = poster(pool, headers);
  let left = count;
  await together(async () => {
    while (left-- > 0) await post();
  });
  await pool.close();
}

async function together(client: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

function poster(pool: Pool, headers: Record<string, string>): () => Promise<void> {
  let sent = 0;
  return async () => {
    sent += 1;
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/api/v1/operations',
      headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': `bench-${sent}` },
      body: BODY,
    });
    const text = await body.text();
    if (statusCode !== 202) throw new Error(`Answered with ${statusCode}: ${text}`);
  };
}
