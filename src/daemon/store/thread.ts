import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { createWalBound } from './bound-wal.ts';
import { copyDatabase } from './copy-database.ts';
import { createEngine } from './engine.ts';
import { type Failure, toFailure, unavailable } from './failure.ts';
import { createGroupCommit, type Reply, type Request } from './group-commit.ts';
import { BUSY_TIMEOUT_MS, openDatabase } from './open-database.ts';

/** To the thread: requests of one tick, a copy that is wanted, or the end. */
export type ToThread = { readonly requests: readonly Request[] } | { readonly copy: Copy } | 'close';

export interface Copy {
  readonly id: number;
  readonly file: string;
}

/** From the thread: how opening went, then replies. */
export type FromThread =
  | { readonly opened: true }
  | { readonly opened: false; readonly failure: Failure }
  | ({ readonly opened: null } & Reply);

/** Requests of one transaction: what waits longer than this one goes into the next. */
const GROUP_LIMIT = 1_000;

if (parentPort !== null) serve(parentPort, (workerData as { file: string }).file);

function serve(port: MessagePort, file: string): void {
  const say = (message: FromThread): void => port.postMessage(message);
  try {
    const db = openDatabase(file);
    const commit = createGroupCommit(db, createEngine(db));
    const boundWal = createWalBound(db, BUSY_TIMEOUT_MS);
    port.on('message', (message: ToThread) => {
      const { requests, copies, closing } = drain(port, message);
      for (const copy of copies) void answerCopy(db, copy).then(say);
      if (requests.length > 0) say({ opened: null, ...commit(requests) });
      if (!closing) return boundWal();
      db.close();
      port.close();
    });
    say({ opened: true });
  } catch (error) {
    say({ opened: false, failure: toFailure(error) });
    port.close();
  }
}

interface Drained {
  readonly requests: Request[];
  readonly copies: readonly Copy[];
  readonly closing: boolean;
}

/** While a commit waited for the disk, more requests came: they share the next one. */
function drain(port: MessagePort, first: ToThread): Drained {
  const requests: Request[] = [];
  const copies: Copy[] = [];
  for (let message: ToThread | undefined = first; message !== undefined; ) {
    if (message === 'close') return { requests, copies, closing: true };
    if ('copy' in message) copies.push(message.copy);
    else requests.push(...message.requests);
    if (requests.length >= GROUP_LIMIT) break;
    message = receiveMessageOnPort(port)?.message as ToThread | undefined;
  }
  return { requests, copies, closing: false };
}

/** In steps between which requests are answered; so it shares no commit with them. */
async function answerCopy(db: Database, { id, file }: Copy): Promise<FromThread> {
  try {
    await copyDatabase(db, file);
    return { opened: null, events: [], answers: [{ id, value: null }] };
  } catch (error) {
    return { opened: null, events: [], answers: [{ id, failure: toFailure(unavailable(error)) }] };
  }
}
