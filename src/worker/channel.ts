import type { WorkerMessage } from '../contract/worker-protocol.ts';

/** The worker's end of the IPC channel to the daemon. */
export interface Channel {
  /** Resolves when the message has left this process; rejects when the daemon is gone. */
  send(message: WorkerMessage): Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  onDisconnect(listener: () => void): void;
  /** Listens no more, which lets the event loop end. The channel itself stays open: closing it could cut off what was sent. */
  release(): void;
}

/** Null: this program was not forked. */
export function openChannel(own: NodeJS.Process): Channel | null {
  if (own.send === undefined) return null;
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (!own.connected || own.send === undefined) return reject(new Error('The channel is closed.'));
        own.send(message, undefined, undefined, (error) => (error ? reject(error) : resolve()));
      }),
    onMessage: (listener) => void own.on('message', listener),
    onDisconnect: (listener) => void own.on('disconnect', listener),
    release() {
      own.removeAllListeners('message');
      own.removeAllListeners('disconnect');
    },
  };
}
