import { WebSocket } from 'ws';
import { CLOSE, type ServerMessage } from '../../contract/stream.ts';

/** More than this waits for a client only for a while. */
const BUFFER_LIMIT_BYTES = 4 * 1024 * 1024;

/** The way out to one client. What it does not read in time is not kept for it: it comes back with its position. */
export interface Outlet {
  send(message: ServerMessage): void;
  /** Resolves when the client has room for more, or is gone. */
  room(): Promise<void>;
  isOpen(): boolean;
  /** Nothing more can be said for now; the client comes back with its position. */
  breakOff(): void;
}

export function openOutlet(socket: WebSocket, slowMs: number): Outlet {
  let waiting: Promise<void> | null = null;
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    room() {
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount <= BUFFER_LIMIT_BYTES) {
        return Promise.resolve();
      }
      // the subscriptions of one client share its socket, so they wait together
      waiting ??= drained(socket, slowMs).finally(() => {
        waiting = null;
      });
      return waiting;
    },
    isOpen: () => socket.readyState === WebSocket.OPEN,
    breakOff: () => socket.close(CLOSE.restart, 'come back with your position'),
  };
}

/** How often a full socket is looked at; `ws` tells nobody when its buffer shrinks. */
const LOOK_MS = 20;

function drained(socket: WebSocket, slowMs: number): Promise<void> {
  return new Promise((resolve) => {
    const look = setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount <= BUFFER_LIMIT_BYTES / 2) done();
    }, LOOK_MS);
    const givenUp = setTimeout(() => {
      socket.close(CLOSE.slowConsumer, 'too slow: come back with your position');
      done();
    }, slowMs);
    function done(): void {
      clearInterval(look);
      clearTimeout(givenUp);
      resolve();
    }
  });
}
