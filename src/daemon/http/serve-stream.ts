import { Compile } from 'typebox/compile';
import type { RawData, WebSocket } from 'ws';
import { AppError } from '../../contract/errors.ts';
import { describeMismatch } from '../../contract/mismatch.ts';
import { Channel, CLOSE, ClientMessage, type ServerMessage } from '../../contract/stream.ts';
import type { Admission } from './authenticate.ts';
import { openOutlet } from './outlet.ts';
import { type DoorContext, LIVE_TIMING } from './parts.ts';
import { createSubscriptions } from './subscriptions.ts';

const message = Compile(ClientMessage);
const channel = Compile(Channel);

/** Serves one WebSocket until it closes: messages in turn, a sign of life now and then. */
export function serveStream(context: DoorContext, admission: Admission, socket: WebSocket): void {
  const { pingMs, slowMs } = { ...LIVE_TIMING, ...context.parts.timing };
  const outlet = openOutlet(socket, slowMs);
  const subscriptions = createSubscriptions(context.parts, admission.caller.tenant, outlet);
  const forget = context.live.add(() => socket.close(CLOSE.restart, 'the server restarts'));
  const stopWatching = watch(socket, admission, pingMs);
  const inTurn = createTurns(socket);
  socket.on('message', (data, isBinary) => {
    inTurn(() => handle(data, isBinary).catch((error: unknown) => outlet.send(errorMessage(error, context))));
  });
  socket.once('close', () => {
    forget();
    stopWatching();
    subscriptions.stopAll();
  });

  async function handle(data: RawData, isBinary: boolean): Promise<void> {
    const wanted = readMessage(data, isBinary);
    if (wanted.type === 'subscribe') await subscriptions.subscribe(wanted.channel, wanted.after ?? null);
    else subscriptions.unsubscribe(wanted.channel);
  }
}

/** One message at a time: what a client sends meanwhile waits in its own socket, but for a chunk that was read already. */
function createTurns(socket: WebSocket): (turn: () => Promise<void>) => void {
  let last = Promise.resolve();
  let waiting = 0;
  return (turn) => {
    socket.pause();
    waiting += 1;
    last = last.then(turn).finally(() => {
      waiting -= 1;
      if (waiting === 0) socket.resume();
    });
  };
}

function readMessage(data: RawData, isBinary: boolean): ClientMessage {
  if (isBinary) throw new AppError('invalid-request', 'A message must be text.');
  const value = parse(String(data));
  if (message.Check(value)) return value;
  const named = typeof value === 'object' && value !== null && 'channel' in value ? value.channel : null;
  const isChannel: boolean = channel.Check(named);
  if (typeof named === 'string' && !isChannel) {
    throw new AppError('unknown-channel', `There is no channel "${named.slice(0, 80)}".`);
  }
  throw new AppError('invalid-request', describeMismatch(message.Errors(value), 'message'));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid-json', 'A message was no JSON.', { cause: error });
  }
}

function errorMessage(error: unknown, context: DoorContext): ServerMessage {
  if (error instanceof AppError) return { type: 'error', code: error.code, detail: error.message };
  context.parts.log.error({ err: error }, 'a stream met a bug');
  return { type: 'error', code: 'internal', detail: 'The server met a bug; its log says more.' };
}

/** Closes what does not answer any more, and what its token does not allow any more. */
function watch(socket: WebSocket, admission: Admission, pingMs: number): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
    admission.renew().catch((error: unknown) => {
      // a store that is busy says nothing about the token
      if (error instanceof AppError && error.status === 401) socket.close(CLOSE.unauthenticated, error.code);
    });
  }, pingMs);
  return () => clearInterval(timer);
}
