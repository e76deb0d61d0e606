import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** Writes no faster than the client reads, and gives a client up that stopped reading. */
export interface SlowWriter {
  /** Resolves when there is room for more, or when nobody reads any more. */
  write(text: string): Promise<void>;
  end(): void;
  readonly closed: Promise<void>;
}

export function openSlowWriter(response: ServerResponse, slowMs: number): SlowWriter {
  const closed = response.destroyed ? Promise.resolve() : once(response, 'close').then(() => undefined);
  response.on('error', () => response.destroy());
  return {
    closed,
    async write(text) {
      if (text === '' || response.writableEnded || response.destroyed) return;
      if (response.write(text)) return;
      await drained(response, slowMs);
    },
    end() {
      response.end();
    },
  };
}

async function drained(response: ServerResponse, slowMs: number): Promise<void> {
  const givenUp = setTimeout(() => response.destroy(), slowMs);
  const either = new AbortController();
  const { signal } = either;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    clearTimeout(givenUp);
    either.abort();
  }
}
