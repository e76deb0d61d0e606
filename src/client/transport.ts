import type { Readable } from 'node:stream';
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
  let opened: ReturnType<typeof open> | null = null;
  return {
    async send({ url, ...sent }) {
      opened ??= open(connection);
      const { request, dispatcher } = await opened;
      const { statusCode, body } = await request(url, { ...sent, dispatcher });
      return { status: statusCode, text: await body.text() };
    },
    async close() {
      await (await opened)?.dispatcher.destroy();
    },
  };
}

async function open(connection: Connection) {
  const { Agent, request } = await import('undici');
  const dispatcher = new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(connection.kind === 'socket' ? { socketPath: connection.socketPath } : {}),
    },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
  });
  return { request, dispatcher };
}
