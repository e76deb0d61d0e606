import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { RouteName, RouteSuccess } from '../contract/routes.ts';
import type { Upload } from '../contract/server.ts';
import type { Connection } from './connect.ts';
import { type CallInput, exchange } from './request.ts';
import { type SubscribeOptions, type Subscription, subscribe } from './subscribe.ts';

export type { Connection } from './connect.ts';

export interface Client {
  /** One request. Failures are `AppError`s, also those that the server answered as a problem document. */
  call<N extends RouteName>(route: N, input?: CallInput<N>): Promise<RouteSuccess<N>>;
  upload(content: Buffer | Readable): Promise<Upload>;
  /** Live events of one channel, across disconnects and restarts of the daemon, each once. */
  subscribe(channel: string, options: SubscribeOptions): Subscription;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 60_000;

export function createClient(connection: Connection): Client {
  const dispatcher = new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(connection.kind === 'socket' ? { socketPath: connection.socketPath } : {}),
    },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  const subscriptions = new Set<Subscription>();
  return {
    call: (route, input = {}) => exchange({ connection, dispatcher }, route, input),
    upload: (content) => exchange({ connection, dispatcher }, 'createUpload', { content }),
    subscribe(channel, options) {
      const subscription = subscribe(connection, channel, options);
      subscriptions.add(subscription);
      subscription.ended.catch(() => {}).finally(() => subscriptions.delete(subscription));
      return subscription;
    },
    async close() {
      for (const subscription of subscriptions) subscription.close();
      await dispatcher.destroy();
    },
  };
}
