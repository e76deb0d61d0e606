import { AppError } from '../../contract/errors.ts';
import type { OperationEvent, Position } from '../../contract/event.ts';
import type { Store } from '../store/port.ts';

export interface FollowFilter {
  readonly tenant: string;
  readonly operation: string | null;
  readonly org: string | null;
}

/** Where a subscription's events go. */
export interface Sink {
  /** `position`: where the events that follow begin. */
  subscribed(position: Position, recovered: boolean): void;
  /** The next batch comes when this one is done; a rejection ends the subscription. */
  events(events: readonly OperationEvent[]): Promise<void> | void;
  /** Once: all up to this position was handed over, and what follows is live. */
  caughtUp(position: Position): void;
  /** The subscription ended without being asked to: this sink rejected, or the store did not answer. */
  failed?(error: unknown): void;
}

export interface Follower {
  committed(events: readonly OperationEvent[]): void;
  /** `behind`: the store holds events after the position. */
  start(position: Position, recovered: boolean, behind: boolean): void;
  stop(): void;
  readonly ended: Promise<void>;
}

interface FollowerOptions {
  readonly store: Pick<Store, 'listEvents' | 'prunedUpTo'>;
  readonly filter: FollowFilter;
  readonly sink: Sink;
  /** The highest seq that any commit has had so far. */
  readonly lastSeq: () => number;
}

const PAGE = 500;
/** A slow follower holds no more than this; then it reads from the store again. */
const BUFFER_LIMIT = 1_000;

/**
 * One subscription. Its loop reads pages from the store while it is behind, and otherwise hands over what was buffered since.
 * Buffering begins before a page is asked for, so the last page and the buffer overlap and never leave a gap; `cursor` drops
 * what came twice.
 */
export function createFollower(options: FollowerOptions): Follower {
  const { filter, sink } = options;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let cursor = 0;
  /** Nothing of this follower is missing up to here: it was handed over, or is in the buffer. */
  let complete = 0;
  let buffer: OperationEvent[] = [];
  let behind = false;
  let stopped = false;
  let wake: () => void = () => undefined;

  const stop = (): void => {
    stopped = true;
    buffer = [];
    wake();
    end();
  };
  const committed = (events: readonly OperationEvent[]): void => {
    if (stopped || behind) return;
    buffer.push(...events.filter((event) => matches(filter, event)));
    complete = Math.max(complete, events.at(-1)?.seq ?? 0);
    behind = buffer.length > BUFFER_LIMIT;
    if (behind) {
      complete = (buffer[0]?.seq ?? 1) - 1;
      buffer = [];
    }
    wake();
  };
  const nextBatch = async (): Promise<readonly OperationEvent[]> => {
    if (behind) {
      behind = false;
      buffer = [];
      const [reached, upTo] = [complete, options.lastSeq()];
      const [page, prunedUpTo] = await Promise.all([
        options.store.listEvents({ ...filter, afterSeq: cursor, limit: PAGE }),
        options.store.prunedUpTo(),
      ]);
      if (prunedUpTo > reached) throw overtaken();
      behind ||= page.length === PAGE;
      complete = page.length === PAGE ? (page.at(-1)?.seq ?? complete) : Math.max(complete, upTo);
      return page;
    }
    const batch = buffer.filter((event) => event.seq > cursor);
    buffer = [];
    return batch;
  };
  const pump = async (epoch: string): Promise<void> => {
    let caughtUp = false;
    while (!stopped) {
      const batch = await nextBatch();
      if (stopped) return;
      cursor = batch.at(-1)?.seq ?? cursor;
      if (batch.length > 0) await sink.events(batch);
      if (stopped || behind || buffer.length > 0) continue;
      if (!caughtUp) sink.caughtUp({ epoch, seq: options.lastSeq() });
      caughtUp = true;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (stopped) resolve();
      });
    }
  };

  return {
    ended,
    stop,
    committed,
    start(position, recovered, isBehind) {
      cursor = position.seq;
      complete = isBehind ? position.seq : Math.max(complete, position.seq);
      behind ||= isBehind;
      sink.subscribed(position, recovered);
      pump(position.epoch).catch((error: unknown) => {
        const unasked = !stopped;
        stop();
        if (unasked) sink.failed?.(error);
      });
    },
  };
}

/** Retention was faster than this reader: when it comes back, it is told what is missing. */
function overtaken(): AppError {
  return new AppError('too-busy', 'The events that come next are not kept any more.');
}

function matches(filter: FollowFilter, event: OperationEvent): boolean {
  return (
    event.tenant === filter.tenant &&
    (filter.operation === null || event.operation === filter.operation) &&
    (filter.org === null || event.org === filter.org)
  );
}
