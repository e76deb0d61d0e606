import type { Logger } from 'pino';
import type { Standby } from './standby.ts';

/** After one that died: the next is forked later and later, so that a broken program does not fork for ever. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export interface StandbyPoolOptions {
  /** How many wait at most; may change while the daemon runs. */
  readonly size: () => number;
  /** Null: it did not come up, and nothing of it is left. */
  readonly fork: () => Promise<Standby | null>;
  readonly log: Logger;
}

/** Workers of one permission profile that wait for work. */
export interface StandbyPool {
  /** Forks what is missing, ends what is too much. */
  adjust(): void;
  /** One that is alive, for the next claim to record; it stays here until it is taken. Null: none is ready. */
  first(): Standby | null;
  /** It is used from now on, by whoever recorded it, and replaced. False: it died meanwhile, or was one too many. */
  take(standby: Standby): boolean;
  /** Nobody knows whether it was recorded: it is ended and replaced. */
  discard(standby: Standby): void;
  /** Ends all that wait; those that were taken are not its own any more. */
  stop(): Promise<void>;
}

export function createStandbyPool({ size, fork, log }: StandbyPoolOptions): StandbyPool {
  const waiting = new Set<Standby>();
  const ending = new Set<Promise<void>>();
  const starting = new Set<Promise<void>>();
  let deaths = 0;
  let pause: NodeJS.Timeout | null = null;
  let stopped = false;

  const end = (standby: Standby): void => {
    waiting.delete(standby);
    const ended = standby
      .discard()
      .catch((error: unknown) => log.warn({ err: error }, 'what a standby worker left could not be removed'))
      .finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const died = (): void => {
    deaths += 1;
    log.warn({ deaths }, 'a standby worker ended before it was used');
    if (stopped || pause !== null) return;
    pause = setTimeout(
      () => {
        pause = null;
        adjust();
      },
      Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 1), LONGEST_PAUSE_MS),
    );
  };
  const add = (standby: Standby): void => {
    if (stopped) {
      end(standby);
      return;
    }
    waiting.add(standby);
    void standby.ended.then(() => {
      if (!waiting.has(standby)) return;
      end(standby);
      died();
    });
    adjust();
  };
  const start = async (): Promise<void> => {
    try {
      const standby = await fork();
      if (standby === null) died();
      else add(standby);
    } catch (error) {
      log.error({ err: error }, 'a standby worker could not be forked');
      died();
    }
  };
  const adjust = (): void => {
    if (stopped) return;
    for (const standby of [...waiting].slice(size())) end(standby);
    while (pause === null && waiting.size + starting.size < size()) {
      const started = start().finally(() => {
        starting.delete(started);
      });
      starting.add(started);
    }
  };
  return {
    adjust,
    first: () => [...waiting].find((standby) => standby.alive()) ?? null,
    take(standby) {
      if (!waiting.delete(standby)) return false;
      deaths = 0;
      // After whatever is said to it now: to fork takes a few milliseconds.
      setImmediate(adjust);
      return true;
    },
    discard(standby) {
      end(standby);
      adjust();
    },
    async stop() {
      stopped = true;
      if (pause !== null) clearTimeout(pause);
      for (const standby of [...waiting]) end(standby);
      await Promise.all(starting);
      await Promise.all(ending);
    },
  };
}
