import { AppError, type ErrorCode } from '../../contract/errors.ts';
import { HINT_ROOM, HINT_WRITABLE } from './disk-trouble.ts';

/** An error on its way out of the thread; a class does not survive the copy. */
export type Failure =
  | {
      readonly kind: 'expected';
      readonly code: ErrorCode;
      readonly detail: string;
      readonly hint: string;
      readonly cause: string | null;
      readonly retryAfterSeconds: number | null;
    }
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string | null };

/** Result codes of SQLite that speak of the disk, the file or its lock, and not of a statement of ours. */
const UNAVAILABLE =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PERM|AUTH|PROTOCOL)(_|$)/;

export function toFailure(error: unknown): Failure {
  if (error instanceof AppError) {
    const { code, message, hint, cause, retryAfterSeconds } = error;
    return {
      kind: 'expected',
      code,
      detail: message,
      hint,
      cause: cause === undefined ? null : String(cause),
      retryAfterSeconds,
    };
  }
  if (UNAVAILABLE.test(codeOf(error))) return toFailure(unavailable(error));
  return error instanceof Error
    ? { kind: 'bug', message: error.message, stack: error.stack ?? null }
    : { kind: 'bug', message: String(error), stack: null };
}

export function fromFailure(failure: Failure): Error {
  if (failure.kind === 'expected') {
    const { code, detail, hint, cause, retryAfterSeconds } = failure;
    return new AppError(code, detail, { hint, retryAfterSeconds, ...(cause === null ? {} : { cause }) });
  }
  const error = new Error(failure.message);
  if (failure.stack !== null) error.stack = failure.stack;
  return error;
}

export function unavailable(cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = codeOf(cause);
  if (/^SQLITE_(CORRUPT|NOTADB)(_|$)/.test(code)) {
    return new AppError('store-damaged', `The database is damaged: ${why}.`, { cause });
  }
  if (code === 'SQLITE_FULL') {
    const detail = 'The disk is full: the database could not be written.';
    return new AppError('store-unavailable', detail, { cause, hint: HINT_ROOM });
  }
  if (code.startsWith('SQLITE_READONLY')) {
    const detail = `The database can only be read: ${why}.`;
    return new AppError('store-unavailable', detail, { cause, hint: HINT_WRITABLE });
  }
  return new AppError('store-unavailable', `The database could not be written or read: ${why}.`, { cause });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}
