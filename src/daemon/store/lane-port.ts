import type { Lock } from '../../contract/lock.ts';
import type { Org } from '../../contract/org.ts';
import type { Pause } from '../../contract/pause.ts';

export type NewPause = Pick<Pause, 'by' | 'reason' | 'at'>;

export interface NewLock {
  readonly id: string;
  readonly ttlSeconds: number;
  readonly note: string | null;
  readonly by: string;
  readonly at: string;
}

/** Under the alias for which it was taken. */
export interface LockName {
  readonly tenant: string;
  readonly alias: string;
  readonly id: string;
}

/** `ended`: released, or not renewed in time; it never comes back. */
export type LockEnd = 'ended' | 'unknown';
export type LockRenewed =
  | { readonly outcome: 'renewed'; readonly lock: Lock }
  | { readonly outcome: LockEnd };

/** The verbs of lanes; what holds of the port's verbs holds of these. */
export interface LanePort {
  /**
   * By organisation, so that all of its aliases share it. One that was paused by hand already stays as it was. Null: no such org.
   */
  pauseLane(tenant: string, alias: string, pause: NewPause): Promise<Org | null>;
  /** Whatever paused it; one that is not paused stays as it is. Null: no such org. */
  resumeLane(tenant: string, alias: string): Promise<Org | null>;
  /** The pause that holds: a server that was paused already stays as it was. */
  pauseServer(pause: NewPause): Promise<Pause>;
  resumeServer(): Promise<void>;
  serverPause(): Promise<Pause | null>;
  /** It takes its place in the lane, and is held at once where the lane is free. Null: no such org. */
  createLock(tenant: string, alias: string, lock: NewLock): Promise<Lock | null>;
  renewLock(name: LockName, renewal: { ttlSeconds: number | null; at: string }): Promise<LockRenewed>;
  releaseLock(name: LockName, now: string): Promise<'released' | LockEnd>;
  /**
   * Ends what nobody renewed, held or waiting; answers when the next one would. `setBack`: and mends the times and places of those
   * that were taken or renewed while the clock was ahead.
   */
  expireLocks(
    now: string,
    setBack?: boolean,
  ): Promise<{ readonly expired: number; readonly nextAt: string | null }>;
}
