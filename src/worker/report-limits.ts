import { type OperationError, type Progress, RESULT_LIMIT_BYTES } from '../contract/operation.ts';
import type { Outcome, ReportBody } from '../contract/worker-protocol.ts';

/** Cuts every text of a report to what the protocol takes, so that a long message is shortened and not refused. */
export function fitBody(body: ReportBody): ReportBody {
  switch (body.kind) {
    case 'log':
      return { ...body, message: cut(body.message, 8_000) };
    case 'progress':
      return { ...body, progress: fitProgress(body.progress) };
    case 'step':
      return {
        ...body,
        title: cut(body.title, 200),
        ...(body.detail === undefined ? {} : { detail: cut(body.detail, 500) }),
      };
    case 'outcome':
      return { ...body, outcome: fitOutcome(body.outcome) };
  }
}

/** The result of an outcome is larger than what is kept of one. */
function withoutResult(outcome: Outcome): Outcome {
  if (outcome.state === 'indeterminate') return outcome;
  if (outcome.state !== 'succeeded') return { ...outcome, result: null };
  return {
    state: 'failed',
    result: null,
    error: {
      code: 'too-large',
      message: 'The work was done, but its result is too large to be kept.',
      hint: 'Ask for less at once.',
      retryable: false,
    },
  };
}

export function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

function fitProgress(progress: Progress): Progress {
  return { ...progress, unit: cut(progress.unit, 32), message: cut(progress.message, 500) };
}

function fitOutcome(given: Outcome): Outcome {
  const outcome =
    'result' in given && sizeOf(given.result) > RESULT_LIMIT_BYTES ? withoutResult(given) : given;
  return 'error' in outcome ? { ...outcome, error: fitError(outcome.error) } : outcome;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function fitError(error: OperationError): OperationError {
  return { ...error, message: cut(error.message, 4_000), hint: cut(error.hint, 1_000) };
}
