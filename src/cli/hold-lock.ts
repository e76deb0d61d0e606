import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { AppError, type ErrorCode } from '../contract/errors.ts';
import type { Lock } from '../contract/lock.ts';

const LOOK_EVERY_MS = 1_000;
/** Renewed so often within its time that one answer may be lost. */
const RENEWALS = 3;
/** A server that is restarted, or busy, is there again in a moment. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'daemon-not-running',
  'server-unreachable',
  'store-unavailable',
  'shutting-down',
  'too-busy',
]);
const GONE: ReadonlySet<ErrorCode> = new Set(['lock-expired', 'not-found']);

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

/**
 * As the server answered it, and the moment until which it is ours at least: counted from before the question, since the server
 * counts from its commit. By `performance.now()`, since the clock of this machine may be set meanwhile.
 */
export interface KeptLock {
  readonly lock: Lock;
  readonly until: number;
}

/** Waits in line until it is held. AppError `lock-not-held`: the wait is over, and the place in line is given back. */
export async function takeLock(client: Client, wish: LockWish): Promise<KeptLock> {
  const { org, ttlSeconds, note, signal } = wish;
  const asked = performance.now();
  const deadline = wish.waitMs === null ? Number.POSITIVE_INFINITY : asked + wish.waitMs;
  const body = { ttlSeconds, ...(note === undefined ? {} : { note }) };
  let kept = keptSince(asked, await client.call('createLock', { params: { org }, body }));
  let told: number | null = null;
  try {
    while (kept.lock.state === 'waiting') {
      const { place } = kept.lock;
      if (place !== told) wish.waits(kept.lock);
      told = place;
      if (performance.now() >= deadline) throw notHeld(kept.lock);
      await delay(Math.min(LOOK_EVERY_MS, deadline - performance.now()), undefined, { signal });
      kept = await renewPlace(client, kept, { deadline, signal });
    }
    signal.throwIfAborted();
    return kept;
  } catch (error) {
    await releaseLock(client, kept.lock);
    throw signal.aborted ? signal.reason : error;
  }
}

/** A server that is not there for a moment costs nobody the place: it is kept as long as the server would keep it. */
async function renewPlace(
  client: Client,
  kept: KeptLock,
  { deadline, signal }: { deadline: number; signal: AbortSignal },
): Promise<KeptLock> {
  const end = Math.min(kept.until, Math.max(deadline, performance.now() + LOOK_EVERY_MS));
  try {
    return await renew(client, kept, { end, signal });
  } catch (error) {
    const away = error instanceof AppError && AWAY.has(error.code);
    if (away && !signal.aborted && performance.now() < kept.until) return kept;
    throw error;
  }
}

function notHeld({ org, place }: Lock): AppError {
  const where = place === null ? '' : ` at place ${place}`;
  return new AppError('lock-not-held', `The wait is over, and the lock of ${org} still waits${where}.`);
}

/** Renews it until `over`; says once, and only then, that it is lost. */
export function keepLock(
  client: Client,
  held: KeptLock,
  lost: (why: string) => void,
): { stop(): Promise<void> } {
  const over = new AbortController();
  const { signal } = over;
  const everyMs = renewalMs(held.lock);
  const againMs = Math.min(LOOK_EVERY_MS, everyMs / 10);
  const keep = async (): Promise<void> => {
    let kept = held;
    let next = startOf(kept) + everyMs;
    for (;;) {
      await delay(Math.max(0, next - performance.now()), undefined, { signal });
      try {
        kept = await renew(client, kept, { end: kept.until, signal });
        next = startOf(kept) + everyMs;
      } catch (error) {
        if (signal.aborted) return;
        const gone = error instanceof AppError && GONE.has(error.code);
        next = performance.now() + againMs;
        // a server that does not answer may be back before the time of the lock is over
        if (!gone && next < kept.until) continue;
        lost(error instanceof Error ? error.message : String(error));
        return;
      }
    }
  };
  const ended = keep().catch(() => undefined);
  return {
    async stop() {
      over.abort();
      await ended;
    },
  };
}

/** Never waits longer for the answer than until the next renewal is due, or until `end`. */
async function renew(
  client: Client,
  { lock }: KeptLock,
  { end, signal }: { end: number; signal: AbortSignal },
): Promise<KeptLock> {
  const asked = performance.now();
  // one that woke up late asks all the same: only the server knows that the lock is over
  const boundMs = asked < end ? Math.min(renewalMs(lock), end - asked) : LOOK_EVERY_MS;
  const late = AbortSignal.timeout(Math.ceil(boundMs));
  const params = { org: lock.org, id: lock.id };
  try {
    const renewed = await client.call('renewLock', {
      params,
      body: {},
      signal: AbortSignal.any([signal, late]),
    });
    return keptSince(asked, renewed);
  } catch (error) {
    if (signal.aborted || !late.aborted) throw error;
    throw new AppError('server-unreachable', 'The server did not answer in time.', { cause: error });
  }
}

function keptSince(asked: number, lock: Lock): KeptLock {
  return { lock, until: asked + lock.ttlSeconds * 1_000 };
}

function startOf({ lock, until }: KeptLock): number {
  return until - lock.ttlSeconds * 1_000;
}

function renewalMs(lock: Lock): number {
  return (lock.ttlSeconds * 1_000) / RENEWALS;
}

/** One that has ended already, or a server that does not answer, changes nothing for whoever is done with it: time ends it. */
export async function releaseLock(client: Client, { org, id }: Lock): Promise<void> {
  await client.call('releaseLock', { params: { org, id } }).catch(() => undefined);
}
