import { AppError } from '../contract/errors.ts';
import type { OperationEvent, Position } from '../contract/event.ts';
import { isFinal, type Operation } from '../contract/operation.ts';
import type { ServerMessage } from '../contract/stream.ts';
import type { Client } from './client.ts';
import type { ConnectionState } from './subscribe.ts';

export interface Follower {
  event?(event: OperationEvent): void;
  /** The whole record: when history is told, after each reconnect, and at the end. */
  operation?(operation: Operation): void;
  connection?(state: ConnectionState): void;
  /** Older events are no longer kept. */
  gap?(): void;
}

const RETRY_AFTER_MS = 500;

/** Tells an operation's history and then what happens, until it is final. Null: the signal ended the watching first. */
export async function followOperation(
  client: Client,
  id: string,
  follower: Follower,
  signal?: AbortSignal,
): Promise<Operation | null> {
  const after = await beforeFirstEvent(client, id);
  const { promise: found, resolve, reject } = Promise.withResolvers<Operation>();
  const over = new AbortController();
  const handle = async (message: ServerMessage): Promise<void> => {
    if (over.signal.aborted) return;
    if (message.type === 'subscribed' && !message.recovered) follower.gap?.();
    if (message.type === 'event') follower.event?.(message.event);
    if (message.type !== 'caught-up' && !endsIt(message)) return;
    const operation = await getOperation(client, id, over.signal);
    if (operation === null) return;
    follower.operation?.(operation);
    if (isFinal(operation.state)) resolve(operation);
  };
  // one after the other: what follows a record that is being fetched is told after it, so that the last word is the newest
  let told = Promise.resolve();
  const subscription = client.subscribe(`operation:${id}`, {
    after,
    onMessage: (message) => {
      told = told.then(() => handle(message)).catch(reject);
    },
    onConnection: (state) => follower.connection?.(state),
    ...(signal ? { signal } : {}),
  });
  try {
    return await Promise.race([found, subscription.ended.then(() => null)]);
  } finally {
    over.abort();
    subscription.close();
  }
}

/** Its own first event that is kept, so that a history pruned before it was born is no gap of its own. */
async function beforeFirstEvent(client: Client, id: string): Promise<Position> {
  const { items, position } = await client.call('listEvents', { params: { id }, query: { limit: 1 } });
  const first = items[0];
  return { epoch: position.epoch, seq: first?.body.type === 'created' ? first.seq - 1 : 0 };
}

function endsIt(message: ServerMessage): boolean {
  return message.type === 'event' && message.event.body.type === 'state' && isFinal(message.event.body.to);
}

/** A daemon that is just being restarted answers a moment later. */
async function getOperation(client: Client, id: string, signal: AbortSignal): Promise<Operation | null> {
  while (!signal.aborted) {
    try {
      return await client.call('getOperation', { params: { id }, signal });
    } catch (error) {
      if (signal.aborted) return null;
      if (!isPassing(error)) throw error;
      await pause(RETRY_AFTER_MS, signal);
    }
  }
  return null;
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof AppError &&
    ['daemon-not-running', 'server-unreachable', 'shutting-down'].includes(error.code)
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
