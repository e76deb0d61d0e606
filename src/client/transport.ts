import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Connection } from './connect.ts';

export interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable | string | null;
  readonly signal: AbortSignal | null;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** HTTP to one server over kept connections. */
export interface Transport {
  send(request: Sent): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** undici is loaded for the first request: that takes a sixth of the start of a command, and a server that starts asks nobody. */
export function createTransport(connection: Connection): Transport {
  let opened: Promise<Dispatcher> | null = null;
  return {
    async send({ url, method, headers, body, signal }) {
      const { request } = await import('undici');
      opened ??= open(connection);
      const dispatcher = await opened;
      const answer = await request(url, { dispatcher, method, headers, body, signal });
      return { status: answer.statusCode, text: await answer.body.text() };
    },
    async close() {
      await (await opened)?.destroy();
    },
  };
}

async function open(connection: Connection): Promise<Dispatcher> {
  const { Agent } = await import('undici');
  return new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(connection.kind === 'socket' ? { socketPath: connection.socketPath } : {}),
    },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
}
