import type { Progress } from '../contract/operation.ts';
import {
  type Outcome,
  REPORT_WINDOW,
  type ReportBody,
  type WorkerMessage,
} from '../contract/worker-protocol.ts';
import { createHoldBack, type HoldBack } from './hold-back.ts';
import type { Redaction } from './redaction.ts';
import { fitBody } from './report-limits.ts';
import type { LogLevel, Report, StepEnd } from './work.ts';

/** Progress at most that often: five times a second. */
const PROGRESS_PAUSE_MS = 200;

export interface Reporter extends Report {
  /** The daemon has all reports up to this number on its disk. */
  acknowledged(upTo: number): void;
  /** Sends what is left, then the outcome; resolves when the last byte has left this process. */
  finish(outcome: Outcome): Promise<void>;
}

export interface ReporterParts {
  readonly attempt: number;
  readonly redaction: Redaction;
  /** Resolves when the message has left this process. */
  readonly send: (message: WorkerMessage) => Promise<void>;
}

/** Numbers reports from 1, redacts them, and never has more than REPORT_WINDOW of them unacknowledged. */
export function createReporter(parts: ReporterParts): Reporter {
  const waiting: { readonly body: ReportBody; readonly sent: () => void }[] = [];
  let sentNumber = 0;
  let acknowledgedNumber = 0;
  const progress = createProgressGate((body) => void queue(body));
  const logs = createLogs(parts.redaction);

  const pump = (): void => {
    while (waiting.length > 0 && sentNumber - acknowledgedNumber < REPORT_WINDOW) {
      const next = waiting.shift();
      if (next === undefined) return;
      sentNumber += 1;
      const message = {
        type: 'report',
        attempt: parts.attempt,
        number: sentNumber,
        body: next.body,
      } as const;
      parts.send(message).then(next.sent, next.sent);
    }
  };
  const queue = (body: ReportBody): Promise<void> =>
    new Promise((sent) => {
      waiting.push({ body: fitBody(redacted(parts.redaction, body)), sent });
      pump();
    });
  const queueLog = (body: ReportBody): Promise<void> => {
    progress.flush();
    return queue(body);
  };
  const queueInOrder = (body: ReportBody): Promise<void> => {
    logs.flush();
    return queueLog(body);
  };
  const say = (body: ReportBody): void => void queueInOrder(body);
  return {
    log(level: LogLevel, message) {
      logs.of(level).put(message, (masked) => void queueLog({ kind: 'log', level, message: masked }));
    },
    printed({ level, message, ansi }, told) {
      // Held back, it is no reason to wait: what comes next says whether it is a secret.
      let sent = Promise.resolve();
      logs.of(level).put(message, (masked) => {
        const coloured = ansi === null || masked !== message ? {} : { ansi };
        sent = queueLog({ kind: 'log', level, message: masked, ...coloured });
        told(masked);
      });
      return sent;
    },
    printedAll: logs.flush,
    // No reason to tell what waits for its next line: half a secret would be told.
    progress: progress.put,
    step: (name, title, work) => runStep(say, { name, title }, work),
    acknowledged(upTo) {
      acknowledgedNumber = Math.max(acknowledgedNumber, Math.min(upTo, sentNumber));
      pump();
    },
    async finish(outcome) {
      progress.flush();
      logs.flush();
      await queue({ kind: 'outcome', outcome });
    },
  };
}

/** Colours may stand within a secret and hide it; a line that holds one is kept without them. */
function redacted(redaction: Redaction, body: ReportBody): ReportBody {
  const safe = redaction.json(body);
  if (body.kind !== 'log' || safe.kind !== 'log' || safe.message === body.message) return safe;
  const { ansi: _coloured, ...plain } = safe;
  return plain;
}

async function runStep<T>(
  say: (body: ReportBody) => void,
  step: { readonly name: string; readonly title: string },
  work: (end: StepEnd) => Promise<T>,
): Promise<T> {
  const end: StepEnd = {};
  const state = (value: 'started' | 'done' | 'failed'): void =>
    say({
      kind: 'step',
      step: step.name,
      title: end.title ?? step.title,
      state: value,
      ...(end.detail === undefined ? {} : { detail: end.detail }),
    });
  state('started');
  try {
    const result = await work(end);
    state(end.failed === true ? 'failed' : 'done');
    return result;
  } catch (error) {
    state('failed');
    throw error;
  }
}

/** One for each level, which is one for each stream of a program: a line of the one does not part a secret in the other. */
function createLogs(redaction: Redaction): { of(level: LogLevel): HoldBack; flush(): void } {
  const levels = new Map<LogLevel, HoldBack>();
  return {
    of(level) {
      const held = levels.get(level) ?? createHoldBack(redaction);
      levels.set(level, held);
      return held;
    },
    flush() {
      for (const held of levels.values()) held.flush();
    },
  };
}

interface ProgressGate {
  put(progress: Progress): void;
  /** The last one that is still held back goes out now. */
  flush(): void;
}

function createProgressGate(send: (body: ReportBody) => void): ProgressGate {
  let held: Progress | null = null;
  let timer: NodeJS.Timeout | null = null;

  const flush = (): void => {
    if (held !== null) send({ kind: 'progress', progress: held });
    held = null;
  };
  const open = (): void => {
    timer = null;
    if (held !== null) putNow();
  };
  const putNow = (): void => {
    flush();
    timer = setTimeout(open, PROGRESS_PAUSE_MS);
    timer.unref();
  };
  return {
    put(progress) {
      // The last of one phase is what people remember of it.
      if (held !== null && held.unit !== progress.unit) flush();
      held = progress;
      if (timer === null) putNow();
    },
    flush,
  };
}
