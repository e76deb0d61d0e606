import { AppError } from '../../contract/errors.ts';
import type { Position } from '../../contract/event.ts';
import type { Sink } from '../events/outbox.ts';
import type { Outlet } from './outlet.ts';
import type { DoorParts } from './parts.ts';

const SUBSCRIPTION_LIMIT = 100;

/** What one client listens to. */
export interface Subscriptions {
  subscribe(channel: string, after: Position | null): Promise<void>;
  unsubscribe(channel: string): void;
  stopAll(): void;
}

export function createSubscriptions(parts: DoorParts, tenant: string, outlet: Outlet): Subscriptions {
  const open = new Map<string, { stop(): void }>();

  function unsubscribe(channel: string): void {
    open.get(channel)?.stop();
    open.delete(channel);
  }

  return {
    /** Subscribing again begins again, from the position named now. */
    async subscribe(channel, after) {
      unsubscribe(channel);
      if (open.size >= SUBSCRIPTION_LIMIT) {
        throw new AppError('too-large', `A connection may have ${SUBSCRIPTION_LIMIT} subscriptions.`);
      }
      const filter = await filterOf(parts, tenant, channel);
      const subscription = await parts.outbox.follow(filter, after, sinkOf(channel, outlet));
      if (outlet.isOpen()) open.set(channel, subscription);
      else subscription.stop();
    },
    unsubscribe,
    stopAll() {
      for (const channel of [...open.keys()]) unsubscribe(channel);
    },
  };
}

/** A tenant's channels show the tenant's events and nothing else. */
async function filterOf(parts: DoorParts, tenant: string, channel: string) {
  const at = channel.indexOf(':');
  const name = channel.slice(at + 1);
  if (at < 0) return { tenant, operation: null, org: null };
  if (channel.startsWith('org:')) return { tenant, operation: null, org: name };
  const operation = await parts.operations.store.getOperation(tenant, name);
  if (operation === null) throw new AppError('not-found', `There is no operation ${name}.`);
  return { tenant, operation: name, org: null };
}

function sinkOf(channel: string, outlet: Outlet): Sink {
  return {
    subscribed: (position, recovered) => outlet.send({ type: 'subscribed', channel, position, recovered }),
    async events(events) {
      for (const event of events) outlet.send({ type: 'event', channel, event });
      await outlet.room();
    },
    failed: () => outlet.breakOff(),
    caughtUp: (position) => outlet.send({ type: 'caught-up', channel, position }),
  };
}
