import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AppError } from '../../contract/errors.ts';

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** Tries a verb of the store until it holds: a full disk must not leave an operation in `running` for ever. */
export type Persist = <T>(what: string, write: () => Promise<T>) => Promise<T>;

/**
 * Another try helps only a store that does not answer now: what it refuses by a bug of ours it refuses for ever. When the
 * daemon is stopping, every error is final: the next start recovers what is left open.
 */
export function createPersist(log: Logger, stopping: AbortSignal): Persist {
  return async (what, write) => {
    for (let delayMs = FIRST_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_MS)) {
      try {
        return await write();
      } catch (error) {
        if (stopping.aborted || !isPassing(error)) throw error;
        log.error({ err: error }, `${what} could not be stored; trying again`);
        await wait(delayMs, undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError && error.code === 'store-unavailable';
}
