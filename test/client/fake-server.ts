import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Connection } from '../../src/client/client.ts';
import type { OperationEvent, Position } from '../../src/contract/event.ts';
import { STREAM_PROTOCOL } from '../../src/contract/stream.ts';

export interface FakeServer {
  readonly connection: Extract<Connection, { kind: 'socket' }>;
  /** What a request is answered with. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** What is done with a subscribe message. */
  subscribed: (socket: WebSocket, after: Position | undefined) => void;
  readonly upgrades: IncomingMessage[];
  /** A new key, as a daemon writes at each start. */
  renewKey(key: string): Promise<void>;
  listen(): Promise<void>;
  /** Ends everything, as a daemon that goes away does. */
  hangUp(): Promise<void>;
  stop(): Promise<void>;
}

/** A server that says exactly what a test wants it to say, over a unix socket. */
export async function startFakeServer(): Promise<FakeServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sfp-fake-'));
  const socketPath = join(directory, 'control.sock');
  const keyFile = join(directory, 'control.key');
  let key = 'first-key';
  await writeFile(keyFile, key);

  const upgrades: IncomingMessage[] = [];
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => STREAM_PROTOCOL });
  const http = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${key}`) return problem(response, 401, 'unauthenticated');
    fake.answer(request, response);
  });
  http.on('upgrade', (request, socket, head) => {
    upgrades.push(request);
    if (request.headers.authorization !== `Bearer ${key}`) {
      socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data) => {
        const message = JSON.parse(String(data)) as { type: string; after?: Position };
        if (message.type === 'subscribe') fake.subscribed(ws, message.after);
      });
    });
  });

  const fake: FakeServer = {
    connection: { kind: 'socket', socketPath, keyFile, tenant: 'default' },
    answer: (_request, response) => json(response, 200, { ok: true }),
    subscribed: () => {},
    upgrades,
    async renewKey(next) {
      key = next;
      await writeFile(keyFile, next);
    },
    listen: () => new Promise((resolve) => http.listen(socketPath, resolve)),
    async hangUp() {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
    async stop() {
      if (http.listening) await fake.hangUp();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await fake.listen();
  return fake;
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function problem(response: ServerResponse, status: number, code: string, more: object = {}): void {
  json(response, status, {
    type: 'about:blank',
    title: code,
    status,
    detail: `detail of ${code}`,
    code,
    ...more,
  });
}

export function event(seq: number): OperationEvent {
  return {
    seq,
    operation: 'op_00000000000000000000000001',
    tenant: 'default',
    org: null,
    attempt: 1,
    at: '2026-01-01T00:00:00.000Z',
    body: { type: 'log', level: 'info', message: `line ${seq}` },
  };
}
