import type { Configuration } from '../../contract/configuration.ts';
import type { Origin, Priority } from '../../contract/operation.ts';
import type { LossPolicy } from '../../contract/tasks.ts';
import type { JsonObject } from '../../contract/values.ts';

/** An operation about to be accepted. `lane` null: it waits for no org. */
export interface NewOperation {
  readonly id: string;
  readonly tenant: string;
  readonly task: string;
  readonly org: string | null;
  readonly lane: { readonly organisation: string; readonly mode: 'exclusive' | 'shared' } | null;
  /** Any of several orgs: the lane is that of the one which takes it. */
  readonly pool: { readonly name: string; readonly mode: 'exclusive' | 'shared' } | null;
  readonly input: JsonObject;
  readonly priority: Priority;
  readonly maxAttempts: number;
  readonly timeoutSeconds: number;
  /** Null: as the task says. */
  readonly onWorkerLoss: LossPolicy | null;
  /** Why it may start while its org is closed. */
  readonly overrideWindow: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly origin: Origin;
  readonly retryOf: string | null;
  /** A moment to come, or null for at once. */
  readonly scheduledFor: string | null;
  readonly supersede: { readonly key: string; readonly running: 'keep' | 'cancel' } | null;
  readonly createdAt: string;
  /** How many may wait, this one among them; without it, it is always taken. */
  readonly queue?: Configuration['queue'];
}
