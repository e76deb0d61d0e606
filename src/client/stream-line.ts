import WebSocket from 'ws';
import { AppError, type ErrorCode, isErrorCode } from '../contract/errors.ts';
import type { Position } from '../contract/event.ts';
import { STREAM_URL } from '../contract/routes.ts';
import { CLOSE, type ServerMessage, STREAM_PROTOCOL } from '../contract/stream.ts';
import { type Connection, credentialHeaders, credentialsChanged } from './connect.ts';

interface Listener {
  message(said: ServerMessage): void;
  lost(): void;
  refused(error: AppError): void;
}

/** A line that is silent for two of these is dead: behind a proxy nobody tells us so. */
const PING_EVERY_MS = 15_000;
const MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024;

/** Close codes and statuses of the upgrade after which coming back makes no sense. */
const REFUSALS: Readonly<Record<number, ErrorCode>> = {
  [CLOSE.unauthenticated]: 'unauthenticated',
  [CLOSE.forbidden]: 'forbidden',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'route-not-found',
};

/** One WebSocket, from its upgrade to its end; says exactly once that it was lost or refused. */
export function openLine(
  connection: Connection,
  wanted: { readonly channel: string; readonly after: Position | null },
  listener: Listener,
): { close(): void } {
  let socket: WebSocket;
  let sent: Record<string, string>;
  try {
    sent = credentialHeaders(connection);
    socket = openSocket(connection, sent);
  } catch (error) {
    if (error instanceof AppError && error.code === 'forbidden') listener.refused(error);
    else listener.lost();
    return { close: () => {} };
  }
  let told = false;
  const once = (tell: () => void): void => {
    if (told) return;
    told = true;
    stopPings();
    tell();
  };
  const stopPings = keepAlive(socket);
  socket.on('open', () => {
    const { channel, after } = wanted;
    socket.send(JSON.stringify({ type: 'subscribe', channel, ...(after ? { after } : {}) }));
  });
  socket.on('message', (data) => {
    const said = parse(String(data));
    if (said === null) socket.terminate();
    else if (!told) listener.message(said);
  });
  socket.on('unexpected-response', (_request, answer) => {
    const renewed = answer.statusCode === 401 && credentialsChanged(connection, sent);
    const code = renewed ? undefined : REFUSALS[answer.statusCode ?? 0];
    answer.resume();
    socket.terminate();
    once(() => (code ? listener.refused(refusal(code)) : listener.lost()));
  });
  socket.on('error', () => once(listener.lost));
  socket.on('close', (closeCode, reason) => {
    const code = REFUSALS[closeCode];
    once(() => (code ? listener.refused(refusal(code, String(reason))) : listener.lost()));
  });
  return {
    close: () => {
      told = true;
      stopPings();
      socket.terminate();
    },
  };
}

function openSocket(connection: Connection, headers: Record<string, string>): WebSocket {
  const address =
    connection.kind === 'socket'
      ? `ws+unix:${connection.socketPath}:${STREAM_URL}`
      : `${connection.url.replace(/^http/, 'ws')}${STREAM_URL}`;
  return new WebSocket(address, [STREAM_PROTOCOL], {
    headers,
    handshakeTimeout: 10_000,
    maxPayload: MESSAGE_LIMIT_BYTES,
  });
}

function parse(text: string): ServerMessage | null {
  try {
    return JSON.parse(text) as ServerMessage;
  } catch {
    return null;
  }
}

function keepAlive(socket: WebSocket): () => void {
  let heard = true;
  const note = (): void => {
    heard = true;
  };
  socket.on('pong', note);
  socket.on('ping', note);
  socket.on('message', note);
  const timer = setInterval(() => {
    if (!heard) return socket.terminate();
    heard = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, PING_EVERY_MS);
  return () => clearInterval(timer);
}

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: 'The server does not accept this API token for its live events.',
  forbidden: 'This API token may not read live events.',
  'route-not-found': 'There are no live events at this address.',
};

export function refusal(code: string, detail = ''): AppError {
  const known = isErrorCode(code) ? code : 'internal';
  return new AppError(known, detail || SENTENCES[known] || `The server ended the live events (${code}).`);
}
