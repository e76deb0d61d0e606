import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { AppError } from '../../contract/errors.ts';
import { STREAM_URL } from '../../contract/routes.ts';
import { STREAM_PROTOCOL } from '../../contract/stream.ts';
import { authenticate } from './authenticate.ts';
import { admissionOf } from './bind-route.ts';
import type { DoorContext } from './parts.ts';
import { serveStream } from './serve-stream.ts';

/** A client says little: a channel and a position. */
const FRAME_LIMIT_BYTES = 64 * 1024;
/** How long a stopping door waits for clients to confirm that they were closed. */
const FAREWELL_MS = 1_000;

/** The WebSocket of a door. Who may not have it hears so as a problem document, before the upgrade. */
export async function bindStream(app: FastifyInstance, context: DoorContext): Promise<void> {
  await app.register(websocket, {
    options: {
      maxPayload: FRAME_LIMIT_BYTES,
      handleProtocols: (offered) => offered.has(STREAM_PROTOCOL) && STREAM_PROTOCOL,
    },
    // a frame that breaks the protocol, or a connection that broke: neither is ours to mend
    errorHandler: (error, socket, request) => {
      request.log.debug({ err: error }, 'a stream broke');
      socket.terminate();
    },
    preClose(done) {
      void sayGoodbye(app).then(() => done());
    },
  });
  app.route({
    method: 'GET',
    url: STREAM_URL,
    onRequest: async (request) => {
      request.admission = await authenticate(context, { door: 'both', scope: 'operations:read' }, request);
      requireProtocol(request);
    },
    handler: async () => {
      throw new AppError('invalid-request', `${STREAM_URL} is a WebSocket: send an upgrade.`);
    },
    wsHandler: (socket, request) => serveStream(context, admissionOf(request), socket),
  });
}

function requireProtocol(request: FastifyRequest): void {
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(',');
  if (!request.ws || offered.some((one) => one.trim() === STREAM_PROTOCOL)) return;
  throw new AppError('invalid-request', `The stream speaks the subprotocol ${STREAM_PROTOCOL} only.`);
}

/** The live connections were told why; those who do not answer are cut off. */
async function sayGoodbye(app: FastifyInstance): Promise<void> {
  const open = [...app.websocketServer.clients];
  const gone = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  const cutOff = setTimeout(() => open.forEach(terminate), FAREWELL_MS);
  await Promise.all(gone);
  clearTimeout(cutOff);
  app.websocketServer.close();
}

function terminate(socket: WebSocket): void {
  socket.terminate();
}
