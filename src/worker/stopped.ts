/** Why a worker must end before its work is done. `orphaned`: the daemon is gone, and nobody hears it any more. */
export type StopReason = 'request' | 'timeout' | 'shutdown' | 'orphaned';

/** What the abort signal of a worker carries, and what code throws that it interrupts. */
export class Stopped extends Error {
  readonly because: StopReason;

  constructor(because: StopReason) {
    super(`stopped: ${because}`);
    this.name = 'Stopped';
    this.because = because;
  }
}

export function stopReason(signal: AbortSignal): StopReason | null {
  return signal.aborted && signal.reason instanceof Stopped ? signal.reason.because : null;
}

/** A person or the clock ended the operation: whatever goes on in the org ends too. Otherwise another attempt goes on. */
export function endsOperation(because: StopReason): boolean {
  return because === 'request' || because === 'timeout';
}

/** Two signals of one worker: `signal` for every reason, `leave` only for those that let the operation go on elsewhere. */
export interface Stops {
  readonly signal: AbortSignal;
  readonly leave: AbortSignal;
  /** The first reason counts for `signal`. */
  stop(because: StopReason): void;
}

export function createStops(): Stops {
  const any = new AbortController();
  const leave = new AbortController();
  return {
    signal: any.signal,
    leave: leave.signal,
    stop(because) {
      const reason = new Stopped(because);
      if (!any.signal.aborted) any.abort(reason);
      if (!endsOperation(because) && !leave.signal.aborted) leave.abort(reason);
    },
  };
}

/** Resolves early, with true, when the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal | null): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(true);
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve(false);
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The promise, or the signal's Stopped if that comes first; what was begun goes on unheard. */
export function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
