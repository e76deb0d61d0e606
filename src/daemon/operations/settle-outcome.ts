import type { Operation, OperationError } from '../../contract/operation.ts';
import type { TaskDefinition } from '../../contract/tasks.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { Outcome } from '../../contract/worker-protocol.ts';
import type { Settlement } from '../store/port.ts';
import { backOff } from './back-off.ts';
import { errorOf, hasEffect, mayFollow, settleLoss, timedOut } from './settle-loss.ts';

/** Why the daemon asked a worker to end; null: it did not. */
export type Interruption = 'request' | 'timeout' | 'shutdown' | null;

export interface Ended {
  readonly operation: Operation;
  readonly definition: Pick<TaskDefinition, 'onWorkerLoss' | 'retryable' | 'triesLogin'>;
  readonly checkpoint: JsonObject | null;
  readonly interruption: Interruption;
  readonly now: Date;
  readonly random: number;
}

/** What an outcome means for the operation: some failures deserve another attempt, and `cancelled` depends on who asked. */
export function settleOutcome(ended: Ended, outcome: Outcome): Settlement {
  switch (outcome.state) {
    case 'succeeded':
      return { to: 'succeeded', result: outcome.result };
    case 'indeterminate':
      return { to: 'indeterminate', error: outcome.error, result: null };
    case 'cancelled':
      return settleCancelled(ended, outcome.result);
    case 'failed':
      return settleFailed(ended, outcome);
  }
}

/** The worker broke the protocol: nothing that it says counts, and what it sent may have taken effect. */
export function settleViolation(ended: Ended, error: OperationError): Settlement {
  const unsure = ended.definition.onWorkerLoss === 'indeterminate' || hasEffect(ended.checkpoint);
  return { to: unsure ? 'indeterminate' : 'failed', error, result: null };
}

/** A result says that the org itself tells of the end, so that nothing goes on there, whoever asked for it. */
function settleCancelled(ended: Ended, result: JsonObject | null): Settlement {
  const { operation, interruption } = ended;
  if (interruption === 'timeout') return { to: 'timed_out', error: timedOut(operation), result };
  const asked = interruption === 'request' || operation.cancelRequestedAt !== null;
  if (asked || result !== null) return { to: 'cancelled', result };
  return settleLoss({
    ...ended,
    cause: interruption === 'shutdown' ? 'shutdown' : 'worker-lost',
    policy: ended.definition.onWorkerLoss,
    detail: 'it stopped without having been asked to',
  });
}

function settleFailed(ended: Ended, outcome: Extract<Outcome, { state: 'failed' }>): Settlement {
  const { error, result } = outcome;
  const { operation } = ended;
  // Nobody else of this login fares better, so the work keeps its place until there is a new one; its lane is paused.
  if (error.code === 'login-refused' && ended.definition.triesLogin !== true && result === null) {
    return { to: 'queued', reason: `${error.code}: ${error.message}`.slice(0, 500), error };
  }
  // A result says what became of what was sent; without one, a failure says only that nobody could look.
  const open = hasEffect(ended.checkpoint) && result === null;
  const wanted = open || operation.cancelRequestedAt === null;
  const left = open ? mayFollow(operation) : operation.attempt < operation.maxAttempts;
  if (mayPass(ended, error) && left && wanted) {
    const reason = `${error.code}: ${error.message}`.slice(0, 500);
    return { to: 'scheduled', at: backOff(operation.attempt, ended), reason, error };
  }
  if (!open) return { to: 'failed', error, result };
  const message = `What was sent could not be followed to its end: ${error.message}`.slice(0, 4_000);
  return { to: 'indeterminate', error: errorOf('deploy-unknown', message), result: null };
}

function mayPass(ended: Ended, error: OperationError): boolean {
  return error.retryable && (ended.definition.retryable as readonly string[]).includes(error.code);
}
