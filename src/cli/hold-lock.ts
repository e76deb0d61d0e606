import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { AppError } from '../contract/errors.ts';
import type { Lock } from '../contract/lock.ts';

const LOOK_EVERY_MS = 1_000;
/** Renewed so often within its time that one answer may be lost. */
const RENEWALS = 3;

export interface LockWish {
  readonly org: string;
  readonly ttlSeconds: number;
  readonly note: string | undefined;
  /** Null: as long as it takes. */
  readonly waitMs: number | null;
  /** Somebody does not want it any more. */
  readonly signal: AbortSignal;
  /** Said once for each place in line. */
  readonly waits: (lock: Lock) => void;
}

/** Waits in line until it is held. AppError `lock-not-held`: the wait is over, and the place in line is given back. */
export async function takeLock(client: Client, wish: LockWish): Promise<Lock> {
  const { org, ttlSeconds, note, signal } = wish;
  const deadline = wish.waitMs === null ? Number.POSITIVE_INFINITY : Date.now() + wish.waitMs;
  const body = { ttlSeconds, ...(note === undefined ? {} : { note }) };
  let lock = await client.call('createLock', { params: { org }, body });
  let told: number | null = null;
  try {
    while (lock.state === 'waiting') {
      if (lock.place !== told) wish.waits(lock);
      told = lock.place;
      if (Date.now() >= deadline) throw notHeld(lock);
      await delay(Math.min(LOOK_EVERY_MS, deadline - Date.now()), undefined, { signal });
      lock = await client.call('renewLock', { params: { org, id: lock.id }, body: {} });
    }
    signal.throwIfAborted();
    return lock;
  } catch (error) {
    await releaseLock(client, lock);
    throw signal.aborted ? signal.reason : error;
  }
}

function notHeld({ org, place }: Lock): AppError {
  const where = place === null ? '' : ` at place ${place}`;
  return new AppError('lock-not-held', `The wait is over, and the lock of ${org} still waits${where}.`);
}

/** Renews it until `over`; says once, and only then, that it is lost. */
export function keepLock(client: Client, lock: Lock, lost: (why: string) => void): { stop(): Promise<void> } {
  const over = new AbortController();
  const everyMs = (lock.ttlSeconds * 1_000) / RENEWALS;
  let heldUntil = Date.now() + lock.ttlSeconds * 1_000;
  const keep = async (): Promise<void> => {
    for (;;) {
      await delay(everyMs, undefined, { signal: over.signal });
      try {
        await client.call('renewLock', { params: { org: lock.org, id: lock.id }, body: {} });
        heldUntil = Date.now() + lock.ttlSeconds * 1_000;
      } catch (error) {
        const gone = error instanceof AppError && ['lock-expired', 'not-found'].includes(error.code);
        // a server that does not answer may be back before the time of the lock is over
        if (!gone && Date.now() < heldUntil) continue;
        lost(error instanceof Error ? error.message : String(error));
        return;
      }
    }
  };
  const kept = keep().catch(() => undefined);
  return {
    async stop() {
      over.abort();
      await kept;
    },
  };
}

/** One that has ended already, or a server that does not answer, changes nothing for whoever is done with it: time ends it. */
export async function releaseLock(client: Client, { org, id }: Lock): Promise<void> {
  await client.call('releaseLock', { params: { org, id } }).catch(() => undefined);
}
