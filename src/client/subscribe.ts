import type { AppError } from '../contract/errors.ts';
import type { Position } from '../contract/event.ts';
import type { ServerMessage } from '../contract/stream.ts';
import type { Connection } from './connect.ts';
import { openLine, refusal } from './stream-line.ts';

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

export interface SubscribeOptions {
  /** Where to go on; without it, from now on. */
  readonly after?: Position;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onConnection?: (state: ConnectionState) => void;
  readonly signal?: AbortSignal;
}

export interface Subscription {
  /** Resolves after `close`, rejects with an `AppError` when the server will never let us in. */
  readonly ended: Promise<void>;
  close(): void;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** Follows one channel for as long as it is wanted: comes back by itself, with its position, and hands no event out twice. */
export function subscribe(connection: Connection, channel: string, options: SubscribeOptions): Subscription {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  let place: Position | null = options.after ?? null;
  let failures = 0;
  let line: { close(): void } | null = null;
  let timer: NodeJS.Timeout | undefined;
  let over = false;

  const finish = (error?: AppError): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', close);
    line?.close();
    options.onConnection?.('closed');
    if (error) reject(error);
    else resolve();
  };
  const close = (): void => finish();
  const open = (): void => {
    if (over) return;
    line = openLine(connection, { channel, after: place }, { message, lost, refused: finish });
  };
  const lost = (): void => {
    if (over) return;
    options.onConnection?.('reconnecting');
    timer = setTimeout(open, delayMs(failures));
    failures += 1;
  };
  const message = (said: ServerMessage): void => {
    if (over) return;
    if (said.type === 'error') {
      finish(refusal(said.code, said.detail));
      return;
    }
    if (said.type === 'event' && place !== null && said.event.seq <= place.seq) return;
    place = placeAfter(place, said);
    if (said.type === 'subscribed') {
      failures = 0;
      options.onConnection?.('connected');
    }
    options.onMessage(said);
  };

  options.signal?.addEventListener('abort', close, { once: true });
  options.onConnection?.('connecting');
  if (options.signal?.aborted) close();
  else open();
  ended.catch(() => {});
  return { ended, close };
}

/** How far we are once this was said: never back, unless the history is another one or lacks what we have seen. */
function placeAfter(
  place: Position | null,
  said: Exclude<ServerMessage, { type: 'error' }>,
): Position | null {
  if (said.type === 'event') return place && { epoch: place.epoch, seq: said.event.seq };
  const { position } = said;
  const goesOn = said.type === 'caught-up' || said.recovered;
  return goesOn && place?.epoch === position.epoch && place.seq > position.seq ? place : position;
}

/** Twice as long each time, with jitter, so that many clients do not come back in one moment. */
function delayMs(failures: number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  return longest / 2 + Math.random() * (longest / 2);
}
