import { KEPT_OF_WORKER } from '../../contract/limits.ts';
import type { KeptOfWorker } from './report-quota.ts';

/** How long dispatch waits for others before it goes on. Tests shorten them. */
export interface DispatchLimits {
  /** From fork to `ready`. */
  readonly readyMs: number;
  /** From the message to SIGTERM, when a cancel or a time-out may have to cancel something in the org. */
  readonly cancelGraceMs: number;
  /** From the message to SIGTERM, when the daemon stops. */
  readonly shutdownGraceMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly terminateGraceMs: number;
  /** How long a worker that holds a session lock is spared from SIGKILL. */
  readonly sessionLockMs: number;
  /** From a recorded outcome to the worker's own exit. */
  readonly exitMs: number;
  /** Until every process of an attempt is gone after SIGKILL. */
  readonly straysMs: number;
  /** How long work that must not be interrupted may go on when the daemon stops. */
  readonly drainMs: number;
  /** How much of what one worker reports is kept. */
  readonly kept: KeptOfWorker;
}

export const DEFAULT_LIMITS: DispatchLimits = {
  readyMs: 30_000,
  cancelGraceMs: 30_000,
  shutdownGraceMs: 10_000,
  terminateGraceMs: 5_000,
  sessionLockMs: 10_000,
  exitMs: 10_000,
  straysMs: 10_000,
  drainMs: 60_000,
  kept: KEPT_OF_WORKER,
};
