import type { Logger } from 'pino';
import type { Store } from '../store/port.ts';

/** Timers do not notice a clock that is set, or a machine that slept; looking this often does. */
const LONGEST_WAIT_MS = 30_000;
const AFTER_ERROR_MS = 1_000;
/** A clock that is kept right goes back by less. */
const SET_BACK_MS = 5_000;

export interface Due {
  start(): void;
  stop(): Promise<void>;
  /** Something was scheduled: perhaps it comes first. */
  look(): void;
}

/** What comes by time: scheduled operations go to the queue, and locks that nobody renews end. */
export function createDue(options: {
  readonly store: Pick<Store, 'promoteDue' | 'expireLocks'>;
  /** A lock that nobody renewed has freed its lane. */
  readonly freed: () => void;
  readonly now: () => Date;
  readonly log: Logger;
}): Due {
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let again = false;
  let running = false;
  /** Until something was looked at; a clock may have been set while the server was down. */
  let lastMs = Number.POSITIVE_INFINITY;

  const arm = (delayMs: number): void => {
    if (timer !== null) clearTimeout(timer);
    timer = running ? setTimeout(look, delayMs) : null;
  };
  const promote = async (): Promise<void> => {
    const time = options.now();
    const now = time.toISOString();
    const setBack = time.getTime() < lastMs - SET_BACK_MS;
    const [promoted, locks] = await Promise.all([
      options.store.promoteDue(now, setBack),
      options.store.expireLocks(now, setBack),
    ]);
    // what the clock left is mended in pages, and each of them is asked for as the first
    const mendsMore = setBack && promoted.nextAt !== null && promoted.nextAt <= now;
    if (!mendsMore) lastMs = time.getTime();
    if (locks.expired > 0) options.freed();
    const nextAt = earlier(promoted.nextAt, locks.nextAt);
    if (nextAt !== null) arm(delayUntil(nextAt, options.now()));
  };
  const look = (): void => {
    again = true;
    if (!running || looking !== null) return;
    again = false;
    looking = promote()
      .catch((error: unknown) => {
        options.log.error({ err: error }, 'due operations could not be queued; trying again');
        arm(AFTER_ERROR_MS);
      })
      .finally(() => {
        looking = null;
        if (again) look();
      });
  };
  return {
    start() {
      running = true;
      look();
    },
    async stop() {
      running = false;
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await looking;
    },
    look,
  };
}

function earlier(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

function delayUntil(time: string, now: Date): number {
  return Math.min(Math.max(Date.parse(time) - now.getTime(), 1), LONGEST_WAIT_MS);
}
