import type { Readable } from 'node:stream';
import type { RouteName, RouteSuccess } from '../contract/routes.ts';
import type { Upload } from '../contract/server.ts';
import type { Connection } from './connect.ts';
import { type CallInput, exchange } from './request.ts';
import { type SubscribeOptions, type Subscription, subscribe } from './subscribe.ts';
import { createTransport } from './transport.ts';

export type { Connection } from './connect.ts';

export interface Client {
  /** One request. Failures are `AppError`s, also those that the server answered as a problem document. */
  call<N extends RouteName>(route: N, input?: CallInput<N>): Promise<RouteSuccess<N>>;
  upload(content: Buffer | Readable): Promise<Upload>;
  /** Live events of one channel, across disconnects and restarts of the daemon, each once. */
  subscribe(channel: string, options: SubscribeOptions): Subscription;
  close(): Promise<void>;
}

export function createClient(connection: Connection): Client {
  const transport = createTransport(connection);
  const subscriptions = new Set<Subscription>();
  return {
    call: (route, input = {}) => exchange({ connection, transport }, route, input),
    upload: (content) => exchange({ connection, transport }, 'createUpload', { content }),
    subscribe(channel, options) {
      const subscription = subscribe(connection, channel, options);
      subscriptions.add(subscription);
      subscription.ended.catch(() => {}).finally(() => subscriptions.delete(subscription));
      return subscription;
    },
    async close() {
      for (const subscription of subscriptions) subscription.close();
      await transport.close();
    },
  };
}
