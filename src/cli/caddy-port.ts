import { connect as connectPlain, createServer, isIP, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { AppError } from '../contract/errors.ts';

const READY_LIMIT_MS = 20_000;
const HANDSHAKE_LIMIT_MS = 2_000;

/** Where Caddy listens, and what clients call it. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly loopback: boolean;
}

export function listenerOf(url: string): Listener {
  const { hostname, port, protocol } = new URL(url);
  const tls = protocol === 'https:';
  return {
    host: hostname,
    port: Number(port) || (tls ? 443 : 80),
    tls,
    loopback: hostname === 'localhost' || /^127\./.test(hostname),
  };
}

/**
 * Caddy shares its port with any other program that wants to (SO_REUSEPORT), and each then gets half of the
 * connections: so the port is tried first, in the way that shares with nobody.
 */
export async function refuseUsedPort(listener: Listener): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null>();
  const server = createServer();
  server.once('error', resolve);
  server.listen({ port: listener.port, ...(listener.loopback ? { host: addressOf(listener) } : {}) }, () =>
    server.close(() => resolve(null)),
  );
  const error = await promise;
  // a port that only Caddy may open is for Caddy to judge
  if (error?.code !== 'EADDRINUSE') return;
  throw new AppError('port-in-use', `Something listens on port ${listener.port} already.`, { cause: error });
}

/** Resolves when a handshake succeeds. With a public certificate that is still on its way: when Caddy answers at all. */
export async function waitUntilAnswering(listener: Listener, over: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  while (!over.aborted) {
    const answer = await tryHandshake(listener);
    if (answer === 'ready') return;
    if (performance.now() > deadline) {
      if (answer === 'refused-handshake') return;
      throw new AppError('caddy-failed', `Caddy does not answer on port ${listener.port}.`);
    }
    await pause(50);
  }
}

async function tryHandshake(listener: Listener): Promise<'ready' | 'refused-handshake' | 'silent'> {
  const { promise, resolve } = Promise.withResolvers<'ready' | 'refused-handshake' | 'silent'>();
  const socket = open(listener);
  const timer = setTimeout(() => resolve('silent'), HANDSHAKE_LIMIT_MS);
  socket.once(listener.tls ? 'secureConnect' : 'connect', () => resolve('ready'));
  socket.once('error', (error: NodeJS.ErrnoException) =>
    resolve(error.code?.startsWith('ERR_SSL') ? 'refused-handshake' : 'silent'),
  );
  const answer = await promise;
  clearTimeout(timer);
  socket.on('error', () => {});
  socket.destroy();
  return answer;
}

/** The certificate is of no interest here: whether the port is alive is. Nothing is sent. */
function open(listener: Listener): Socket {
  const { port } = listener;
  const host = addressOf(listener);
  if (!listener.tls) return connectPlain({ host, port });
  const name = isIP(listener.host) === 0 ? { servername: listener.host } : {};
  return connectTls({ host, port, rejectUnauthorized: false, ...name });
}

/** The public name of a machine may lead elsewhere; Caddy is on this one. */
function addressOf(listener: Listener): string {
  return listener.loopback && listener.host !== 'localhost' ? listener.host : '127.0.0.1';
}
