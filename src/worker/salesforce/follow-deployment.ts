import { AppError } from '../../contract/errors.ts';
import { pause, stopReason } from '../stopped.ts';
import type { TaskWork } from '../work.ts';
import { readStatus, requestCancel } from './deploy-calls.ts';
import { type Deployment, progressOf } from './deployment.ts';
import { isExpiredSession, isPassing, OrgRefusal, wishedPauseMs } from './failures.ts';
import type { Org } from './org.ts';

const POLL_MS = { first: 250, most: 2_000, growth: 1.5 } as const;
const TROUBLE_MS = { first: 500, most: 30_000, growth: 2 } as const;
const REFUSALS_LIMIT = 3;

/**
 * Watches a deployment until it is done, through hang-ups, 503s and expired sessions. A cancel of the operation becomes a
 * cancel in the org, and the watch goes on until the org has decided. Only leaving ends it earlier.
 */
export async function followDeployment(work: TaskWork, org: Org, id: string): Promise<Deployment> {
  const { leave, report, signal } = work;
  const patience = createPatience(work, org, id);
  const showProgress = createProgressView(report);
  let cancelAsked = false;
  let pollMs: number = POLL_MS.first;
  for (;;) {
    if (signal.aborted && !leave.aborted && !cancelAsked) {
      cancelAsked = await patience.through(() => askCancel(work, org, id));
    }
    const deployment = await patience.through(() => readStatus(org, id, { details: false, signal: leave }));
    showProgress(deployment);
    if (deployment.done) return patience.through(() => readStatus(org, id, { details: true, signal: leave }));
    await pause(pollMs, cancelAsked ? leave : signal);
    leave.throwIfAborted();
    pollMs = Math.min(pollMs * POLL_MS.growth, POLL_MS.most);
  }
}

/** A phase that has ended is shown once more, complete, and then left alone. */
function createProgressView(report: TaskWork['report']): (deployment: Deployment) => void {
  let phase = 0;
  return (deployment) => {
    const phases = progressOf(deployment);
    for (const progress of phases.slice(phase)) report.progress(progress);
    phase = phases.length - 1;
  };
}

async function askCancel({ leave, report, signal }: TaskWork, org: Org, id: string): Promise<true> {
  const why = stopReason(signal) === 'timeout' ? 'the time is over' : 'a cancel was asked for';
  try {
    await requestCancel(org, id, leave);
    report.log('info', `The org was asked to cancel ${id}: ${why}.`);
  } catch (error) {
    const refused = error instanceof OrgRefusal && !isPassing(error) && !isExpiredSession(error);
    if (!refused) throw error;
    // It was done already; the next look says what came of it.
    report.log('info', `The org did not cancel ${id}: ${error.message}`);
  }
  return true;
}

interface Patience {
  /** Makes the call until it is answered. AppError deploy-unknown when the org will not tell any more. */
  through<T>(call: () => Promise<T>): Promise<T>;
}

function createPatience({ leave, report }: TaskWork, org: Org, id: string): Patience {
  const bear = async (error: unknown, trouble: { refusals: number; pauseMs: number }): Promise<void> => {
    if (isExpiredSession(error)) return org.renew();
    if (!isPassing(error) && !isLimit(error)) {
      if (!(error instanceof OrgRefusal)) throw error;
      trouble.refusals += 1;
      if (trouble.refusals === REFUSALS_LIMIT) throw error;
    }
    report.log('debug', `The org did not say how ${id} goes: ${messageOf(error)}`);
    await pause(wishedPauseMs(error) ?? trouble.pauseMs, leave);
    trouble.pauseMs = Math.min(trouble.pauseMs * TROUBLE_MS.growth, TROUBLE_MS.most);
  };
  const bearOrGiveUp = async (
    error: unknown,
    trouble: { refusals: number; pauseMs: number },
  ): Promise<void> => {
    try {
      await bear(error, trouble);
    } catch (final) {
      throw leave.aborted ? leave.reason : lost(id, final);
    }
  };
  return {
    async through(call) {
      const trouble = { refusals: 0, pauseMs: TROUBLE_MS.first as number };
      for (;;) {
        leave.throwIfAborted();
        try {
          return await call();
        } catch (error) {
          leave.throwIfAborted();
          await bearOrGiveUp(error, trouble);
        }
      }
    },
  };
}

function isLimit(error: unknown): boolean {
  return error instanceof OrgRefusal && error.errorCode === 'REQUEST_LIMIT_EXCEEDED';
}

/** It was sent and goes on; only that we cannot look at it. What may pass is left to another attempt. */
function lost(id: string, error: unknown): unknown {
  if (error instanceof AppError && ['org-unreachable', 'org-limit'].includes(error.code)) return error;
  const message = `The deployment ${id} was sent, but cannot be followed: ${messageOf(error)}`;
  return new AppError('deploy-unknown', message, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
