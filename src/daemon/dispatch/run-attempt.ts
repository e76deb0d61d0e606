import type { CommandInput } from '../../contract/command.ts';
import { AppError } from '../../contract/errors.ts';
import type { Operation } from '../../contract/operation.ts';
import type { SourceCode } from '../../contract/source-code.ts';
import { isTaskKind, taskDefinition, wantsSourceCode } from '../../contract/tasks.ts';
import type { FetchedSource } from '../../contract/worker-protocol.ts';
import { assignCommand } from '../operations/command.ts';
import { settleAttempt } from '../operations/settle-attempt.ts';
import { errorOf, hasEffect, type LossCause, lossPolicy, settleLoss } from '../operations/settle-loss.ts';
import { type Ended, settleOutcome, settleViolation } from '../operations/settle-outcome.ts';
import type { Claim, Settlement } from '../store/port.ts';
import { type Attempt, type AttemptParts, interruptAttempt, type Job } from './attempt.ts';
import { fetchedSource } from './check-result.ts';
import type { Because } from './escalation.ts';
import type { Standby } from './standby.ts';
import type { WorkerEnd } from './worker-process.ts';

export interface RunningAttempt {
  /** What the daemon may do with it when it stops: end it and go on later, or let it come to its end. */
  readonly interruptible: boolean;
  interrupt(because: Because): void;
  /** Its workspace is gone, and it is settled; false: it could not be, and the next start recovers it. Never rejects. */
  readonly ended: Promise<boolean>;
}

/** Takes one claimed operation through its workers to its settlement. The standby is the one that the claim recorded. */
export function runAttempt(parts: AttemptParts, claim: Claim, standby: Standby | null): RunningAttempt {
  const { operation } = claim;
  const kind = isTaskKind(operation.task) ? operation.task : null;
  if (kind === null) return refuseAttempt(parts, operation, standby);
  const definition = taskDefinition(kind);
  const cancelRequested = operation.cancelRequestedAt !== null;
  const attempt: Omit<Attempt, 'workspace'> = {
    operation,
    kind,
    definition,
    standby,
    checkpoint: claim.checkpoint,
    interruption: cancelRequested ? 'request' : null,
    cancelRequested,
    started: false,
    worker: null,
  };
  const interrupt = (because: Because): void => interruptAttempt(attempt, because);
  return {
    interruptible: lossPolicy(definition, operation) !== 'indeterminate',
    interrupt,
    ended: run(parts, attempt, interrupt),
  };
}

async function run(
  parts: AttemptParts,
  facts: Omit<Attempt, 'workspace'>,
  interrupt: (because: Because) => void,
): Promise<boolean> {
  const { operation, standby } = facts;
  const log = parts.log.child({ operation: operation.id, attempt: operation.attempt });
  const timeout = setTimeout(() => interrupt('timeout'), operation.timeoutSeconds * 1_000);
  try {
    const workspace = standby?.workspace ?? parts.means.makeWorkspace(parts.paths.work);
    // The same object, so that an interruption that came meanwhile is seen.
    const attempt: Attempt = Object.assign(facts, { workspace });
    const settlement = await work(parts, attempt).finally(() =>
      (standby === null ? workspace.remove() : standby.discard()).catch((error: unknown) =>
        log.warn({ err: error }, 'a workspace is left'),
      ),
    );
    // Whoever sees the end finds nothing left of the attempt.
    await settle(parts, operation, settlement);
    return true;
  } catch (error) {
    log.error({ err: error }, 'an attempt could not be run');
    return await orLeft(parts, settleBroken(parts, facts, error));
  } finally {
    clearTimeout(timeout);
  }
}

async function orLeft({ log }: AttemptParts, settled: Promise<void>): Promise<boolean> {
  try {
    await settled;
    return true;
  } catch (error) {
    log.error({ err: error }, 'an attempt could not be settled; the next start recovers it');
    return false;
  }
}

/** Null: there is nothing to settle, the attempt is no longer current. */
async function work(parts: AttemptParts, attempt: Attempt): Promise<Settlement | null> {
  const fetched = await fetchSource(parts, attempt);
  if (fetched.kind === 'settled') return fetched.settlement;
  if (!mayStart(attempt)) return settleUnstarted(parts, attempt);
  const job = expected(() => taskJob(parts, attempt, fetched.source));
  if ('settlement' in job) return job.settlement;
  attempt.started = true;
  return settlementOf(parts, attempt, await parts.means.runWorker(parts, attempt, job));
}

/** A command is looked up anew: while it waited its declaration may have changed, or gone. */
function taskJob(parts: AttemptParts, { kind, operation }: Attempt, source: FetchedSource | null): Job {
  if (kind !== 'command') return { name: 'task', source };
  const { id, tenant, input, onWorkerLoss } = operation;
  const work = { id, tenant, input: input as CommandInput, onWorkerLoss };
  return { name: 'command', source, command: assignCommand(parts, work) };
}

/** What can be foreseen ends the attempt as failed. */
function expected<T>(work: () => T): T | { readonly settlement: Settlement } {
  try {
    return work();
  } catch (error) {
    return { settlement: failureOf(error) };
  }
}

function failureOf(error: unknown): Settlement {
  if (!(error instanceof AppError)) throw error;
  const failure = { ...errorOf(error.code, error.message), hint: error.hint };
  return { to: 'failed', error: failure, result: null };
}

type Fetched =
  | { readonly kind: 'ready'; readonly source: FetchedSource | null }
  | { readonly kind: 'settled'; readonly settlement: Settlement | null };

/** In a worker of its own, which alone sees the Git secret. What was sent already needs no source code any more. */
async function fetchSource(parts: AttemptParts, attempt: Attempt): Promise<Fetched> {
  const { definition, operation } = attempt;
  const wanted = wantsSourceCode(definition, operation.input);
  if (!wanted || hasEffect(attempt.checkpoint)) return { kind: 'ready', source: null };
  if (!mayStart(attempt)) return { kind: 'settled', settlement: settleUnstarted(parts, attempt) };
  try {
    const named = operation.input?.['source'] as SourceCode;
    const source = await parts.resolveSource(operation.tenant, named);
    const end = await parts.means.runWorker(parts, attempt, { name: 'fetch-source', source });
    if (end.kind === 'outcome' && end.outcome.state === 'succeeded') {
      return { kind: 'ready', source: fetchedSource(end.outcome.result) };
    }
    return { kind: 'settled', settlement: settlementOf(parts, attempt, end) };
  } catch (error) {
    return { kind: 'settled', settlement: failureOf(error) };
  }
}

/** What was sent to the org is cancelled by a worker, so that one is needed even after a cancel. */
function mayStart(attempt: Attempt): boolean {
  if (attempt.interruption === null) return true;
  return attempt.interruption === 'request' && hasEffect(attempt.checkpoint);
}

function settleUnstarted(parts: AttemptParts, attempt: Attempt): Settlement {
  return settlementOf(parts, attempt, { kind: 'lost', detail: 'it was not started' }) as Settlement;
}

function settlementOf(parts: AttemptParts, attempt: Attempt, end: WorkerEnd): Settlement | null {
  const ended = endedOf(parts, attempt);
  switch (end.kind) {
    case 'outcome':
      return settleOutcome(ended, end.outcome);
    case 'violation':
      return settleViolation(ended, end.error);
    case 'lost':
      return settleLoss({
        ...ended,
        cause: lossCause(attempt),
        policy: ended.definition.onWorkerLoss,
        detail: end.detail,
      });
    case 'refused':
      if (end.error !== null) throw end.error;
      return null;
  }
}

function endedOf(parts: AttemptParts, attempt: Omit<Attempt, 'workspace'>): Ended {
  const { cancelRequested, checkpoint, definition, interruption, operation } = attempt;
  const now = parts.now();
  const cancelRequestedAt = operation.cancelRequestedAt ?? (cancelRequested ? now.toISOString() : null);
  const unstarted = !attempt.started && !hasEffect(checkpoint);
  return {
    operation: { ...operation, cancelRequestedAt },
    definition: { ...definition, onWorkerLoss: unstarted ? 'retry' : lossPolicy(definition, operation) },
    checkpoint,
    interruption,
    now,
    random: parts.random(),
  };
}

function lossCause(attempt: Pick<Attempt, 'interruption'>): LossCause {
  if (attempt.interruption === null) return 'worker-lost';
  return attempt.interruption === 'request' ? 'cancel-killed' : attempt.interruption;
}

async function settle(
  parts: AttemptParts,
  operation: Operation,
  settlement: Settlement | null,
): Promise<void> {
  if (settlement === null) return;
  await parts.persist(`The end of ${operation.id}`, () => settleAttempt(parts, operation, settlement));
}

/** The daemon itself failed: no workspace, no process, a bug. The operation must not stay in `running`. */
async function settleBroken(
  parts: AttemptParts,
  attempt: Omit<Attempt, 'workspace'>,
  error: unknown,
): Promise<void> {
  const ended = endedOf(parts, attempt);
  const settlement = settleLoss({
    ...ended,
    cause: lossCause(attempt),
    policy: ended.definition.onWorkerLoss,
    detail: `the server could not run it (${error instanceof Error ? error.message : 'unknown error'})`,
  });
  await settle(parts, attempt.operation, settlement);
}

/** A kind of work that this version does not know: the database comes from another one. */
function refuseAttempt(parts: AttemptParts, operation: Operation, standby: Standby | null): RunningAttempt {
  const error = errorOf('unknown-task', `This version of the server knows no task ${operation.task}.`);
  const gone = standby?.discard() ?? Promise.resolve();
  const settled = gone.then(() => settle(parts, operation, { to: 'failed', error, result: null }));
  const ended = orLeft(parts, settled);
  return { interruptible: false, interrupt: () => undefined, ended };
}
