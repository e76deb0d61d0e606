import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { AppError } from '../contract/errors.ts';
import type { ServerStatus } from '../contract/server.ts';
import { isAlive } from './end-process.ts';

const LOOK_EVERY_MS = 200;
/** How a server answers that is just about to be gone. */
const GOING = ['daemon-not-running', 'shutting-down', 'server-unreachable'];

/** Why the watching ended: the server is gone, nobody waits any more, or somebody took the drain back. */
export type DrainEnd = 'stopped' | 'time' | 'detached' | 'taken-back';

/** Watches a draining server until it is gone. It drains on, whoever stops watching. */
export async function watchDrain(
  client: Client,
  pid: number,
  options: { readonly waitMs: number | null; readonly tell: (running: number) => void },
): Promise<DrainEnd> {
  const left = new AbortController();
  const detach = (): void => left.abort();
  process.once('SIGINT', detach);
  const until = performance.now() + (options.waitMs ?? Number.POSITIVE_INFINITY);
  let told = 0;
  try {
    while (isAlive(pid)) {
      const status = await statusOf(client);
      if (status?.pid === pid && !status.draining) return 'taken-back';
      const running = status?.counts.running ?? 0;
      if (running > 0 && running !== told) options.tell(running);
      told = running;
      if (left.signal.aborted) return 'detached';
      if (performance.now() >= until) return 'time';
      await pause(LOOK_EVERY_MS, undefined, { signal: left.signal }).catch(() => undefined);
    }
    return 'stopped';
  } finally {
    process.off('SIGINT', detach);
  }
}

async function statusOf(client: Client): Promise<ServerStatus | null> {
  try {
    return await client.call('serverStatus');
  } catch (error) {
    if (error instanceof AppError && GOING.includes(error.code)) return null;
    throw error;
  }
}
