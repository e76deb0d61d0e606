import type { Position } from '../../contract/event.ts';
import type { Store } from '../store/port.ts';
import { createFollower, type Follower, type FollowFilter, type Sink } from './follower.ts';

export type { FollowFilter, Sink } from './follower.ts';

export interface Outbox {
  /** Resolves when the subscription stands; `sink.subscribed` was called by then, and its events follow. */
  follow(filter: FollowFilter, after: Position | null, sink: Sink): Promise<{ stop(): void }>;
  stop(): void;
}

type Reader = Pick<Store, 'onCommitted' | 'position' | 'prunedUpTo' | 'listEvents'>;

/**
 * Hands committed events to whoever follows, each once and in order: what is kept after the given position (backfill), then
 * what commits from then on (live). Without a position a follower starts now.
 *
 * `recovered: false` says that something between the position and now is missing:
 * - the position lies before what is still kept: all that is kept follows;
 * - it lies in the future, or in another history (its epoch differs): it means nothing here, so the follower starts now.
 */
export function createOutbox(store: Reader): Outbox {
  const followers = new Set<Follower>();
  let lastSeq = 0;
  const stopListening = store.onCommitted((events) => {
    lastSeq = Math.max(lastSeq, events.at(-1)?.seq ?? 0);
    for (const follower of followers) follower.committed(events);
  });

  return {
    async follow(filter, after, sink) {
      const follower = createFollower({ store, filter, sink, lastSeq: () => lastSeq });
      // hears commits before the position is asked for: between the two nothing is lost
      followers.add(follower);
      void follower.ended.then(() => followers.delete(follower));
      try {
        const [now, prunedUpTo] = await Promise.all([store.position(), store.prunedUpTo()]);
        lastSeq = Math.max(lastSeq, now.seq);
        const { seq, recovered } = startOf(after, now, prunedUpTo);
        follower.start({ epoch: now.epoch, seq }, recovered, seq < now.seq);
      } catch (error) {
        follower.stop();
        throw error;
      }
      return { stop: follower.stop };
    },
    stop() {
      stopListening();
      for (const follower of followers) follower.stop();
    },
  };
}

function startOf(
  after: Position | null,
  now: Position,
  prunedUpTo: number,
): { seq: number; recovered: boolean } {
  if (after === null) return { seq: now.seq, recovered: true };
  if (after.epoch !== now.epoch || after.seq > now.seq) return { seq: now.seq, recovered: false };
  if (after.seq < prunedUpTo) return { seq: prunedUpTo, recovered: false };
  return { seq: after.seq, recovered: true };
}
