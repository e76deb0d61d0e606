import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../contract/errors.ts';
import type { OperationEvent } from '../../contract/event.ts';
import { programUrl } from '../../contract/programs.ts';
import type { Verb } from './engine.ts';
import { fromFailure } from './failure.ts';
import type { Request } from './group-commit.ts';
import type { Store } from './port.ts';
import { rememberAnswers } from './remembered.ts';
import type { FromThread, ToThread } from './thread.ts';
import { VERBS } from './verbs.ts';

type Listener = (events: readonly OperationEvent[]) => void;
type Pending = { resolve(value: unknown): void; reject(error: Error): void };

/**
 * Opens the database of a home in a thread of its own; creates and migrates it where needed. Requests of one tick travel
 * together and share a commit; their promises resolve after it, and after the listeners have heard of its events.
 *
 * @throws AppError store-unavailable: the file cannot be opened, or a newer sfp-server wrote it
 */
export async function openStore(options: { readonly file: string }): Promise<Store> {
  mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const thread = new Worker(programUrl(import.meta.url, 'daemon/store/thread'), { workerData: options });
  await opened(thread);
  const listeners = new Set<Listener>();
  const { call, copy, close } = createCalls(thread, (events) => {
    for (const listener of listeners) listener(events);
  });
  const verbs = Object.keys(VERBS).map((verb) => [verb, (...args: unknown[]) => call(verb as Verb, args)]);
  return rememberAnswers({
    ...(Object.fromEntries(verbs) as Omit<Store, 'onCommitted' | 'copy' | 'close'>),
    onCommitted(listener) {
      const own: Listener = (events) => listener(events);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    copy,
    close,
  });
}

function opened(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (message: FromThread): void => {
      thread.off('error', reject);
      if (message.opened === false) reject(fromFailure(message.failure));
      else resolve();
    };
    thread.once('error', reject);
    thread.once('message', settle);
  });
}

/** The conversation with the thread: what was asked, what is not answered yet, and the end. */
function createCalls(thread: Worker, committed: Listener) {
  const pending = new Map<number, Pending>();
  let tick: Request[] = [];
  let nextId = 1;
  let gone: AppError | null = null;
  let closed: Promise<void> | null = null;

  const say = (message: ToThread): void => thread.postMessage(message);
  const flush = (): void => {
    if (tick.length > 0 && gone === null) say({ requests: tick });
    tick = [];
  };
  const lose = (why: string): void => {
    gone ??= new AppError('store-unavailable', why);
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
  };
  thread.on('error', (error) => lose(`The thread of the database failed: ${error.message}.`));
  thread.on('exit', () => lose('The database is closed.'));
  thread.on('message', (message: FromThread) => {
    if (message.opened !== null) return;
    try {
      if (message.events.length > 0) committed(message.events);
    } finally {
      for (const answer of message.answers) {
        const waiting = pending.get(answer.id);
        pending.delete(answer.id);
        if ('failure' in answer) waiting?.reject(fromFailure(answer.failure));
        else waiting?.resolve(answer.value);
      }
    }
  });

  const asked = (ask: (id: number) => void): Promise<unknown> => {
    if (gone !== null) return Promise.reject(gone);
    const id = nextId;
    nextId += 1;
    ask(id);
    return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  };

  return {
    call: (verb: Verb, args: readonly unknown[]): Promise<unknown> =>
      asked((id) => {
        if (tick.length === 0) setImmediate(flush);
        tick.push({ id, verb, args });
      }),
    async copy(file: string): Promise<void> {
      await asked((id) => say({ copy: { id, file } }));
    },
    /** What was asked before is answered first. */
    close(): Promise<void> {
      closed ??= new Promise<void>((resolve) => {
        if (gone !== null) return resolve();
        flush();
        thread.once('exit', () => resolve());
        say('close');
      });
      return closed;
    },
  };
}
