import { AppError, type ErrorCode } from '../../contract/errors.ts';

/** The org answered, and its answer is no. */
export class OrgRefusal extends Error {
  readonly status: number;
  /** Salesforce's own code, such as INVALID_SESSION_ID. */
  readonly errorCode: string;
  /** How long the org asks to be left alone; null: it does not say. */
  readonly retryAfterMs: number | null;

  constructor(answer: { status: number; errorCode: string; message: string; retryAfterMs: number | null }) {
    super(answer.message);
    this.name = 'OrgRefusal';
    this.status = answer.status;
    this.errorCode = answer.errorCode;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

/** No answer came. `neverSent`: the connection was not made, so the org cannot have acted. */
export class OrgSilence extends Error {
  readonly neverSent: boolean;

  constructor(host: string, cause: unknown) {
    super(`${host} did not answer: ${reasonOf(cause)}`, { cause });
    this.name = 'OrgSilence';
    this.neverSent = failedToConnect(cause);
  }
}

/** Says what a failed call means; `otherwise` is the code of a plain refusal. Anything unknown stays as it is. */
export function meaningOf(error: unknown, otherwise: ErrorCode): unknown {
  if (error instanceof OrgSilence)
    return new AppError('org-unreachable', `${error.message}.`, { cause: error });
  if (!(error instanceof OrgRefusal)) return error;
  return new AppError(codeOf(error, otherwise), `Salesforce answered ${error.errorCode}: ${error.message}`, {
    cause: error,
  });
}

/** A passing condition: the same call may do in a moment. */
export function isPassing(error: unknown): boolean {
  if (error instanceof OrgSilence) return true;
  return error instanceof OrgRefusal && (error.status >= 500 || error.status === 429 || error.status === 420);
}

/** How long the org asks to be left alone; null: it does not say. */
export function wishedPauseMs(error: unknown): number | null {
  return error instanceof OrgRefusal ? error.retryAfterMs : null;
}

export function isExpiredSession(error: unknown): boolean {
  return error instanceof OrgRefusal && error.status === 401 && error.errorCode === 'INVALID_SESSION_ID';
}

function codeOf(error: OrgRefusal, otherwise: ErrorCode): ErrorCode {
  if (isExpiredSession(error)) return 'session-expired';
  if (error.status === 429 || error.errorCode === 'REQUEST_LIMIT_EXCEEDED') return 'org-limit';
  return isPassing(error) ? 'org-unreachable' : otherwise;
}

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** fetch wraps what really happened, several addresses of a host once more. */
function innermost(error: unknown): SystemError {
  const { cause, errors } = (error ?? {}) as SystemError;
  if (typeof cause === 'object' && cause !== null) return innermost(cause);
  if (Array.isArray(errors) && errors.length > 0) return innermost(errors[0]);
  return (error ?? {}) as SystemError;
}

function reasonOf(error: unknown): string {
  const { code, message } = innermost(error);
  const text = typeof message === 'string' && message !== '' ? message : 'the connection failed';
  return typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text;
}

function failedToConnect(error: unknown): boolean {
  const { code, syscall } = innermost(error);
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  return (
    typeof code === 'string' &&
    /^(UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code)
  );
}
