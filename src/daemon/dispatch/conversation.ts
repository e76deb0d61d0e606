import { Compile } from 'typebox/compile';
import type { ErrorCode } from '../../contract/errors.ts';
import type { OperationError } from '../../contract/operation.ts';
import {
  type AskBody,
  type DaemonMessage,
  MESSAGE_LIMIT,
  type Outcome,
  REPORT_WINDOW,
  type ReportBody,
  WorkerMessage,
} from '../../contract/worker-protocol.ts';
import { errorOf } from '../operations/settle-loss.ts';
import type { StoredReport } from '../store/port.ts';
import { createReportRecorder } from './report-recorder.ts';

const messages = Compile(WorkerMessage);
/** Twice the window: a worker that goes on without waiting must not fill the daemon's memory. */
const UNACKNOWLEDGED_LIMIT = 2 * REPORT_WINDOW;
/** The same of its asks; a worker that keeps the protocol has a few of them under way. */
const UNANSWERED_LIMIT = 64;

export type Answer = Extract<DaemonMessage, { type: 'answer' }>['body'];

/**
 * How a conversation ends: with the worker's outcome (recorded behind all its reports), with a message that breaks the
 * protocol, or because nothing of this attempt is recorded any more.
 */
export type ConversationEnd =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'violation'; readonly error: OperationError }
  | { readonly kind: 'refused'; readonly error: unknown };

export interface ConversationParts {
  readonly attempt: number;
  readonly send: (message: DaemonMessage) => void;
  readonly record: (reports: readonly StoredReport[]) => Promise<boolean>;
  readonly answer: (ask: AskBody) => Promise<Answer>;
  /** Null: the outcome is as the job promises. */
  readonly check: (outcome: Outcome) => OperationError | null;
}

export interface Conversation {
  readonly ready: Promise<void>;
  readonly over: Promise<ConversationEnd>;
  receive(message: unknown): void;
  /** Nothing of this attempt may be recorded (any more). */
  refuse(error: unknown): void;
  /** A line that the worker printed; resolves when it is on disk. */
  printed(report: StoredReport): Promise<void>;
  /** The channel is closed: answers how the conversation ended, or null when the worker left without an outcome. */
  close(): Promise<ConversationEnd | null>;
}

/** The daemon's end of the worker protocol, without the process behind it. */
export function createConversation(parts: ConversationParts): Conversation {
  const ready = Promise.withResolvers<void>();
  const over = Promise.withResolvers<ConversationEnd>();
  let end: ConversationEnd | null = null;
  let received = 0;
  let acknowledged = 0;
  let unanswered = 0;
  let outcome: Outcome | null = null;

  const finish = (how: ConversationEnd): void => {
    end ??= how;
    over.resolve(end);
  };
  const acknowledge = (upTo: number): void => {
    acknowledged = upTo;
    parts.send({ type: 'acknowledged', upTo });
  };
  const refuse = (error: unknown): void => finish({ kind: 'refused', error });
  const recorder = createReportRecorder({ record: parts.record, acknowledge, refused: refuse });
  const violate = (code: ErrorCode, message: string): void =>
    finish({ kind: 'violation', error: errorOf(code, message) });

  const conclude = async (number: number, said: Outcome): Promise<void> => {
    outcome = said;
    await recorder.flush();
    const wrong = parts.check(said);
    if (wrong !== null) return finish({ kind: 'violation', error: wrong });
    finish({ kind: 'outcome', outcome: said });
    acknowledge(number);
  };
  const report = (number: number, body: ReportBody): void => {
    const wrong = misnumbered(number, { received, acknowledged });
    if (wrong !== null) return void violate('worker-protocol', wrong);
    received = number;
    if (body.kind === 'outcome') void conclude(number, body.outcome);
    else recorder.add(storedReport(body), number);
  };
  const ask = async (id: number, body: AskBody): Promise<void> => {
    if (unanswered === UNANSWERED_LIMIT) {
      const wrong = `The worker asked more than ${UNANSWERED_LIMIT} times without waiting for an answer.`;
      return violate('worker-protocol', wrong);
    }
    unanswered += 1;
    await recorder.flush();
    if (end === null || end.kind === 'outcome') {
      parts.send({ type: 'answer', id, body: await parts.answer(body) });
    }
    unanswered -= 1;
  };
  return {
    ready: ready.promise,
    over: over.promise,
    receive(message) {
      if (end !== null && end.kind !== 'outcome') return;
      const known = readMessage(message);
      if (typeof known === 'string') return void violate('worker-protocol', known);
      if (known.type === 'ready') return void ready.resolve();
      if (known.attempt !== parts.attempt) return;
      if (known.type === 'report') {
        if (outcome === null) report(known.number, known.body);
      } else if (outcome === null || endsSession(known.body)) {
        void ask(known.id, known.body);
      }
    },
    refuse,
    printed(line) {
      recorder.add(line, null);
      return recorder.flush();
    },
    async close() {
      await recorder.flush();
      return outcome === null ? end : over.promise;
    },
  };
}

function readMessage(message: unknown): WorkerMessage | string {
  const characters = JSON.stringify(message)?.length ?? 0;
  if (characters > MESSAGE_LIMIT) {
    return `The worker sent a message of ${characters} characters, and ${MESSAGE_LIMIT} are allowed.`;
  }
  if (messages.Check(message)) return message;
  return 'The worker sent a message that the protocol does not know.';
}

function misnumbered(number: number, so: { received: number; acknowledged: number }): string | null {
  if (number !== so.received + 1) return `The worker sent report ${number} after report ${so.received}.`;
  const unacknowledged = number - so.acknowledged;
  if (unacknowledged <= UNACKNOWLEDGED_LIMIT) return null;
  return `The worker sent ${unacknowledged} reports without waiting for an acknowledgement.`;
}

/** All that a worker may still ask after its outcome. */
function endsSession(ask: AskBody): boolean {
  return ask.kind === 'session-end' || ask.kind === 'session-revoked';
}

function storedReport(body: Exclude<ReportBody, { kind: 'outcome' }>): StoredReport {
  const { kind, ...rest } = body;
  return { type: kind, ...rest } as StoredReport;
}
