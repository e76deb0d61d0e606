import BetterQueue from 'better-queue';
import type { Logger } from 'pino';
import type { Claim } from '../store/port.ts';

/** More than ever runs. better-queue starts work only while its length is above 0, and takes 1 off for each finished task. */
const ENDLESS_LENGTH = 1e15;
const AFTER_CLAIM_ERROR_MS = 500;

export interface QueueOptions {
  readonly limit: () => number;
  readonly claim: () => Promise<Claim | null>;
  /** Runs one claimed operation to its end; never rejects. */
  readonly run: (claim: Claim) => Promise<void>;
  readonly log: Logger;
}

export interface DispatchQueue {
  /** Something may start now: a commit, a finished attempt, a time that came. */
  wake(): void;
  /** Claims nothing more and waits for a claim that is under way; what runs goes on. */
  close(): Promise<void>;
  /** After close, when nothing runs any more. */
  destroy(): void;
}

type LockTaken = (error: unknown, lockId?: string) => void;
type Batch = Record<string, Claim>;

/** better-queue's own fields that its types leave out; read in version 3.8.12. */
interface Internals {
  concurrent: number;
}

/**
 * better-queue decides when a task may start, the database decides which. Nothing is ever pushed: `takeFirstN` parks its
 * callback until `wake` has claimed an operation by SQL and answers with it. Lanes and capacity live in the claim, so
 * nothing is held twice and nothing is lost with this process. The other ways of use stall (docs/adr).
 */
export function createQueue(options: QueueOptions): DispatchQueue {
  const parked: LockTaken[] = [];
  const claimed = new Map<string, Claim>();
  const claims = createClaims(options, parked, claimed);
  const queue = new BetterQueue<Claim, void>({
    process: (claim: Claim, done) => void options.run(claim).finally(() => done()),
    // One more than the limit: better-queue asks for the next task only while two places are free.
    concurrent: options.limit() + 1,
    batchSize: 1,
    store: storeAdapter(parked, claimed, claims.wake),
  });
  return {
    wake() {
      adjust(queue, options.limit() + 1);
      claims.wake();
    },
    close: claims.close,
    destroy: () => queue.destroy(() => undefined),
  };
}

/** The operation row is the queue entry, so of better-queue's store only taking and releasing are left. */
function storeAdapter(parked: LockTaken[], claimed: Map<string, Claim>, wake: () => void) {
  const adapter = {
    connect: (answer: (error: unknown, length: number) => void) => answer(null, ENDLESS_LENGTH),
    // Whatever an earlier daemon had started is settled by recovery, never restarted here.
    getRunningTasks: (answer: (error: unknown, running: Record<string, Batch>) => void) => answer(null, {}),
    takeFirstN(_n: number, answer: LockTaken) {
      parked.push(answer);
      wake();
    },
    getLock(lockId: string, answer: (error: unknown, batch: Batch) => void) {
      const claim = claimed.get(lockId);
      answer(null, claim === undefined ? {} : { [lockId]: claim });
    },
    releaseLock(lockId: string, answer: (error: unknown) => void) {
      claimed.delete(lockId);
      answer(null);
      wake();
    },
    takeLastN: (_n: number, answer: LockTaken) => answer(null),
    getTask: (_id: unknown, answer: (error: unknown) => void) => answer(null),
    putTask: (_id: unknown, _task: unknown, _priority: unknown, answer: (error: unknown) => void) =>
      answer(new Error('Operations are accepted by the store, not pushed.')),
    deleteTask: (_id: unknown, answer: () => void) => answer(),
  };
  return adapter as unknown as BetterQueue.Store<Claim>;
}

/** One claim at a time; a wake that arrives meanwhile leads to another look. */
function createClaims(options: QueueOptions, parked: LockTaken[], claimed: Map<string, Claim>) {
  let closed = false;
  let lookAgain = false;
  let looking: Promise<void> | null = null;
  let afterError: NodeJS.Timeout | null = null;

  const look = async (): Promise<void> => {
    do {
      lookAgain = false;
      while (!closed && parked.length > 0 && claimed.size < options.limit()) {
        const claim = await options.claim();
        if (claim === null) break;
        const lockId = `${claim.operation.id}.${claim.operation.attempt}`;
        claimed.set(lockId, claim);
        parked.shift()?.(null, lockId);
      }
    } while (lookAgain);
  };
  const wake = (): void => {
    lookAgain = true;
    if (closed || looking !== null) return;
    looking = look()
      .catch((error: unknown) => {
        options.log.error({ err: error }, 'no operation could be claimed; trying again');
        lookAgain = false;
        afterError ??= setTimeout(() => {
          afterError = null;
          wake();
        }, AFTER_CLAIM_ERROR_MS);
      })
      .finally(() => {
        looking = null;
        if (lookAgain) wake();
      });
  };
  const close = async (): Promise<void> => {
    closed = true;
    if (afterError !== null) clearTimeout(afterError);
    await looking;
  };
  return { wake, close };
}

/** The limit may change while the daemon runs. `resume` makes better-queue ask for the places that were added. */
function adjust(queue: BetterQueue<Claim, void>, concurrent: number): void {
  const internals = queue as unknown as Internals;
  if (internals.concurrent === concurrent) return;
  internals.concurrent = concurrent;
  queue.resume();
}
