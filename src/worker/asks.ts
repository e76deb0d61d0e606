import { AppError } from '../contract/errors.ts';
import type { AskBody, DaemonMessage, WorkerMessage } from '../contract/worker-protocol.ts';

type Answer = Extract<DaemonMessage, { type: 'answer' }>;

/** The questions of a worker and their answers, matched by id. */
export interface Asks {
  ask(body: AskBody): Promise<{ readonly revoke: boolean }>;
  answered(answer: Answer): void;
  /** Nobody will answer any more. */
  close(): void;
}

export interface AskParts {
  readonly attempt: number;
  readonly send: (message: WorkerMessage) => Promise<void>;
}

export function createAsks(parts: AskParts): Asks {
  const open = new Map<number, PromiseWithResolvers<{ readonly revoke: boolean }>>();
  let closed = false;
  let number = 0;

  const refuse = (id: number, detail: string): void => {
    open.get(id)?.reject(new AppError('worker-protocol', detail));
    open.delete(id);
  };
  return {
    ask(body) {
      if (closed) return Promise.reject(new AppError('worker-protocol', GONE));
      number += 1;
      const id = number;
      const question = Promise.withResolvers<{ readonly revoke: boolean }>();
      open.set(id, question);
      parts.send({ type: 'ask', attempt: parts.attempt, id, body }).catch(() => refuse(id, GONE));
      return question.promise;
    },
    answered({ id, body }) {
      if (!body.ok) return refuse(id, `The daemon refused: ${body.detail}`);
      open.get(id)?.resolve({ revoke: body.revoke });
      open.delete(id);
    },
    close() {
      closed = true;
      for (const id of [...open.keys()]) refuse(id, GONE);
    },
  };
}

const GONE = 'The daemon is gone and answers no question.';
