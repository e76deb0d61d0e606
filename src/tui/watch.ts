import type { Client } from '../client/client.ts';
import { type Follower, followOperation } from '../client/follow.ts';
import type { OperationEvent } from '../contract/event.ts';
import type { Operation } from '../contract/operation.ts';
import { plainLine } from './event-sentence.ts';
import { showsColours } from './paint.ts';

/** How an operation is watched: on a live screen, line by line, as NDJSON, or silently. */
export type WatchMode = 'live' | 'lines' | 'ndjson' | 'silent';

export interface Watched {
  /** The operation as it was seen last. */
  readonly operation: Operation;
  /** Why the watching ended. */
  readonly ended: 'final' | 'detached' | 'time';
}

interface Viewer extends Follower {
  end?(): Promise<void>;
}

/** Shows an operation until it is final, until the time is over, or until somebody stops watching; it goes on in any case. */
export async function watchOperation(
  client: Client,
  operation: Operation,
  options: { readonly mode: WatchMode; readonly waitMs: number | null; write(line: string): void },
): Promise<Watched> {
  const stop = new AbortController();
  let ended: Watched['ended'] = 'final';
  let last = operation;
  const end = (why: 'detached' | 'time') => (): void => {
    ended = why;
    stop.abort();
  };
  const timer = options.waitMs === null ? undefined : setTimeout(end('time'), options.waitMs);
  const detach = end('detached');
  process.once('SIGINT', detach);
  process.stdout.once('error', detach); // whoever read it has gone
  const viewer = await openViewer(operation, options, detach);
  try {
    const follower: Follower = {
      ...viewer,
      operation: (record) => {
        last = record;
        viewer.operation?.(record);
      },
    };
    const final = await followOperation(client, operation.id, follower, stop.signal);
    return { operation: final ?? last, ended };
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', detach);
    process.stdout.off('error', detach);
    await viewer.end?.();
  }
}

async function openViewer(
  operation: Operation,
  { mode, write }: { readonly mode: WatchMode; write(line: string): void },
  onDetach: () => void,
): Promise<Viewer> {
  if (mode === 'live') return liveViewer(operation, onDetach);
  if (mode === 'lines') return lineViewer(write);
  return mode === 'ndjson' ? { event: (event) => write(jsonLine(event)) } : {};
}

/** Programs read the plain text. */
export function jsonLine(event: OperationEvent): string {
  return JSON.stringify(event, (key, value: unknown) => (key === 'ansi' ? undefined : value));
}

/** ink takes a while to load, so only who sees a screen waits for it. */
async function liveViewer(operation: Operation, onDetach: () => void): Promise<Viewer> {
  const { openOperationScreen } = await import('./operation/screen.tsx');
  const screen = openOperationScreen(operation, onDetach);
  return {
    event: (event) => screen.dispatch({ type: 'event', event }),
    operation: (record) => screen.dispatch({ type: 'operation', operation: record }),
    connection: (state) => screen.dispatch({ type: 'connection', state }),
    gap: () => screen.dispatch({ type: 'gap' }),
    end: () => screen.end(),
  };
}

export function lineViewer(
  write: (line: string) => void,
  options: { readonly withOperation: boolean } = { withOperation: false },
): Follower {
  let lost = false;
  const colours = showsColours();
  const shown = new Map<string, string>();
  return {
    event: (event: OperationEvent) => {
      // a log of hours needs no line for each look at a count that stands still
      if (event.body.type === 'progress') {
        const progress = JSON.stringify(event.body.progress);
        if (shown.get(event.operation) === progress) return;
        shown.set(event.operation, progress);
      } else if (event.body.type === 'state') shown.delete(event.operation);
      const line = plainLine(event, { ...options, colours });
      if (line !== null) write(line);
    },
    connection: (state) => {
      if (state === 'reconnecting' && !lost) write('The connection is lost; trying again.');
      if (state === 'connected' && lost) write('The connection is back; nothing was missed.');
      if (state !== 'closed') lost = state === 'reconnecting';
    },
    gap: () => write('Older events are no longer kept.'),
  };
}
