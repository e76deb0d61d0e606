import { ERRORS, type ErrorCode } from '../../contract/errors.ts';
import type { Operation, OperationError } from '../../contract/operation.ts';
import { isAsCareful, type LossPolicy, type TaskDefinition } from '../../contract/tasks.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { Settlement } from '../store/port.ts';
import { backOff } from './back-off.ts';

/**
 * How it came that an attempt has no outcome of its own:
 *
 * - `worker-lost`: the worker ended by itself, by a signal of others, or could not be started.
 * - `daemon-lost`: the daemon was killed, and its worker with it.
 * - `timeout`, `cancel-killed`: the worker did not end when it was asked to, and was killed.
 * - `shutdown`: the daemon stops and interrupted the worker.
 */
export type LossCause = 'worker-lost' | 'daemon-lost' | 'timeout' | 'cancel-killed' | 'shutdown';

export interface Loss {
  readonly cause: LossCause;
  readonly operation: Operation;
  readonly checkpoint: JsonObject | null;
  readonly policy: LossPolicy;
  /** How the worker ended, as a half-sentence: "it was ended by SIGKILL". */
  readonly detail: string;
  readonly now: Date;
  /** 0 to 1: spreads the back-off. */
  readonly random: number;
}

/** Attempts beyond the maximum that only follow what an earlier one had sent; they send nothing again. */
const FOLLOWING_ATTEMPTS = 5;

/** The policy of a task, applied to an attempt without an outcome. Pure: the same facts lead to the same end. */
export function settleLoss(loss: Loss): Settlement {
  if (loss.policy === 'indeterminate') return unknown(loss, 'worker-lost');
  if (loss.policy === 'resume' && hasEffect(loss.checkpoint)) return follow(loss);
  if (loss.cause === 'timeout') return { to: 'timed_out', error: timedOut(loss.operation), result: null };
  if (loss.operation.cancelRequestedAt !== null) return { to: 'cancelled', result: null };
  if (loss.cause === 'shutdown') return { to: 'queued', reason: 'the server stopped', error: null };
  return runAgain(loss);
}

/** What the request asked for, where that is more careful than the task as this version knows it; or what was declared. */
export function lossPolicy(
  { declared = false, onWorkerLoss: own }: Pick<TaskDefinition, 'onWorkerLoss' | 'declared'>,
  { onWorkerLoss: asked }: Pick<Operation, 'onWorkerLoss'>,
): LossPolicy {
  if (declared) return asked ?? own;
  return asked !== null && isAsCareful(asked, own) ? asked : own;
}

/** A checkpoint says that something was sent, or was about to be; an empty one takes that back. */
export function hasEffect(checkpoint: JsonObject | null): boolean {
  return checkpoint !== null && Object.keys(checkpoint).length > 0;
}

/** Whether another attempt may look after what was sent. */
export function mayFollow({ attempt, maxAttempts }: Operation): boolean {
  return attempt < maxAttempts + FOLLOWING_ATTEMPTS;
}

export function timedOut(operation: Operation): OperationError {
  return errorOf(
    'timed-out',
    `Attempt ${operation.attempt} did not end within ${operation.timeoutSeconds} s.`,
  );
}

export function errorOf(code: ErrorCode, message: string, retryable = false): OperationError {
  return { code, message, hint: ERRORS[code].hint, retryable };
}

/** What was sent may go on in the org: the next attempt finds it again, and cancels it there when that was asked for. */
function follow(loss: Loss): Settlement {
  const { operation, cause } = loss;
  if (cause === 'timeout') return unknown(loss, 'deploy-unknown');
  if (cause === 'shutdown') return { to: 'queued', reason: 'the server stopped', error: null };
  if (!mayFollow(operation)) return unknown(loss, 'deploy-unknown');
  if (cause === 'daemon-lost') return { to: 'queued', reason: 'the server was restarted', error: null };
  return scheduled(loss);
}

function runAgain(loss: Loss): Settlement {
  if (loss.operation.attempt >= loss.operation.maxAttempts) {
    return { to: 'failed', error: lost(loss, 'worker-lost'), result: null };
  }
  if (loss.cause === 'daemon-lost') return { to: 'queued', reason: 'the server was restarted', error: null };
  return scheduled(loss);
}

function scheduled(loss: Loss): Settlement {
  return {
    to: 'scheduled',
    at: backOff(loss.operation.attempt, loss),
    reason: `the worker was lost: ${loss.detail}`.slice(0, 500),
    error: lost(loss, 'worker-lost'),
  };
}

function unknown(loss: Loss, code: ErrorCode): Settlement {
  return { to: 'indeterminate', error: lost(loss, code), result: null };
}

function lost(loss: Loss, code: ErrorCode): OperationError {
  return errorOf(code, `The worker of attempt ${loss.operation.attempt} gave no outcome: ${loss.detail}.`);
}
