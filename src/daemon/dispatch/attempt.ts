import type { Logger } from 'pino';
import type { Paths } from '../../config/paths.ts';
import type { AssignedCommand } from '../../contract/command.ts';
import type { Configuration } from '../../contract/configuration.ts';
import type { Operation } from '../../contract/operation.ts';
import type { SourceCode } from '../../contract/source-code.ts';
import type { TaskDefinition, TaskKind } from '../../contract/tasks.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { FetchedSource, ResolvedSource, VaultReference } from '../../contract/worker-protocol.ts';
import type { Interruption } from '../operations/settle-outcome.ts';
import type { Store } from '../store/port.ts';
import type { Because } from './escalation.ts';
import type { MachineIsolation } from './isolation.ts';
import type { DispatchLimits } from './limits.ts';
import type { Persist } from './persist.ts';
import type { SessionArbitration } from './session-arbitration.ts';
import type { Standby } from './standby.ts';
import type { StandbyPool } from './standby-pool.ts';
import type { RunningWorker, WorkerEnd } from './worker-process.ts';
import type { Workspace } from './workspace.ts';

/** What running an attempt needs of the daemon. */
export interface AttemptParts {
  readonly store: Store;
  readonly configuration: () => Configuration;
  readonly paths: Paths;
  readonly vault: VaultReference;
  readonly isolation: MachineIsolation;
  readonly workerUrl: URL;
  /** Where V8's compiled form of the worker lies; null: nowhere. */
  readonly compiledCode: () => string | null;
  readonly resolveSource: (tenant: string, source: SourceCode) => Promise<ResolvedSource>;
  readonly arbitration: SessionArbitration;
  readonly loginUsed: (tenant: string, alias: string) => void;
  readonly limits: DispatchLimits;
  readonly persist: Persist;
  readonly means: AttemptMeans;
  readonly now: () => Date;
  /** 0 to 1: spreads the back-off. */
  readonly random: () => number;
  readonly log: Logger;
}

/** What an attempt is done with, beside the store. */
export interface AttemptMeans {
  makeWorkspace(work: string): Workspace;
  /** Its workers wait for the jobs of tasks. */
  makePool(parts: PoolParts): StandbyPool;
  runWorker(parts: AttemptParts, attempt: Attempt, job: Job): Promise<WorkerEnd>;
}

/** What forking ahead needs of the daemon. */
export interface PoolParts
  extends Pick<AttemptParts, 'compiledCode' | 'limits' | 'log' | 'paths' | 'vault' | 'workerUrl'> {
  readonly size: () => number;
}

/** What one of an attempt's workers does. */
export type Job =
  | { readonly name: 'fetch-source'; readonly source: ResolvedSource }
  | { readonly name: 'task'; readonly source: FetchedSource | null }
  | {
      readonly name: 'command';
      readonly source: FetchedSource | null;
      readonly command: AssignedCommand;
    };

/** One attempt while it runs: its facts, and what changes about it. */
export interface Attempt {
  readonly operation: Operation;
  readonly kind: TaskKind;
  readonly definition: TaskDefinition;
  /** The worker that was recorded with its claim, in the same workspace; null: none was ready. */
  readonly standby: Standby | null;
  readonly workspace: Workspace;
  /** The last one on disk. */
  checkpoint: JsonObject | null;
  /** The first reason to end early. */
  interruption: Interruption;
  /** Somebody asked for the end, whatever else ended it. */
  cancelRequested: boolean;
  /** The task's own worker was started: from then on it may have had an effect. */
  started: boolean;
  worker: RunningWorker | null;
}

export function interruptAttempt(
  attempt: Pick<Attempt, 'interruption' | 'cancelRequested' | 'worker'>,
  because: Because,
): void {
  if (because === 'request') attempt.cancelRequested = true;
  attempt.interruption ??= because;
  attempt.worker?.interrupt(because);
}
