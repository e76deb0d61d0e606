import { cutText } from '../contract/limits.ts';
import { type OperationError, type Progress, RESULT_LIMIT_BYTES } from '../contract/operation.ts';
import type { Outcome, ReportBody } from '../contract/worker-protocol.ts';

const LOG_CHARACTERS = 8_000;

/** Cuts every text of a report to what the protocol takes, so that a long message is shortened and not refused. */
export function fitBody(body: ReportBody): ReportBody {
  switch (body.kind) {
    case 'log':
      return fitLog(body);
    case 'progress':
      return { ...body, progress: fitProgress(body.progress) };
    case 'step':
      return {
        ...body,
        title: cutText(body.title, 200),
        ...(body.detail === undefined ? {} : { detail: cutText(body.detail, 500) }),
      };
    case 'outcome':
      return { ...body, outcome: fitOutcome(body.outcome) };
  }
}

/** A cut in the middle of colours could leave them on for good. */
function fitLog(body: Extract<ReportBody, { kind: 'log' }>): ReportBody {
  const { ansi, ...plain } = body;
  const message = cutText(body.message, LOG_CHARACTERS);
  const whole = message === body.message && ansi !== undefined && ansi.length <= LOG_CHARACTERS;
  return { ...plain, message, ...(whole ? { ansi } : {}) };
}

/** The result of an outcome is larger than what is kept of one. */
function withoutResult(outcome: Outcome, bytes: number): Outcome {
  const size = `${bytes} bytes, and ${RESULT_LIMIT_BYTES} are kept`;
  if (outcome.state === 'indeterminate') return outcome;
  if (outcome.state === 'cancelled') return { ...outcome, result: null };
  if (outcome.state === 'failed') {
    const { error } = outcome;
    // in front, where it is not what is cut
    const message = `(Without its result, which has ${size}.) ${error.message}`;
    return { ...outcome, error: { ...error, message }, result: null };
  }
  return {
    state: 'failed',
    result: null,
    error: {
      code: 'too-large',
      message: `The work was done, but its result is too large to be kept: ${size}.`,
      hint: 'Ask for less at once.',
      retryable: false,
    },
  };
}

function fitProgress(progress: Progress): Progress {
  return { ...progress, unit: cutText(progress.unit, 32), message: cutText(progress.message, 500) };
}

function fitOutcome(given: Outcome): Outcome {
  const bytes = 'result' in given ? sizeOf(given.result) : 0;
  const outcome = bytes > RESULT_LIMIT_BYTES ? withoutResult(given, bytes) : given;
  return 'error' in outcome ? { ...outcome, error: fitError(outcome.error) } : outcome;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function fitError(error: OperationError): OperationError {
  return { ...error, message: cutText(error.message, 4_000), hint: cutText(error.hint, 1_000) };
}
