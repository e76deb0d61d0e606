import type {
  Operation,
  OperationError,
  OperationState,
  Origin,
  Priority,
  Progress,
  Resolution,
  WaitingFor,
} from '../../contract/operation.ts';
import type { LossPolicy } from '../../contract/tasks.ts';
import type { JsonObject } from '../../contract/values.ts';

/** What every verb reads; input and result, which may be large, only on request. */
export const CORE_COLUMNS = `id, tenant, task, org, organisation, mode, state, priority, rank, attempt, max_attempts, timeout_seconds,
  retry_of, cancel_requested_at, created_at, scheduled_for, started_at, finished_at, origin, labels, progress, error, checkpoint,
  on_worker_loss, override_window, pool, pool_mode`;
export const ALL_COLUMNS = `${CORE_COLUMNS}, input, result`;

export interface OperationRow {
  readonly id: string;
  readonly tenant: string;
  readonly task: string;
  readonly org: string | null;
  readonly organisation: string | null;
  readonly mode: 'exclusive' | 'shared' | null;
  readonly state: OperationState;
  readonly priority: Priority;
  readonly rank: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly timeout_seconds: number;
  readonly on_worker_loss: LossPolicy | null;
  readonly override_window: string | null;
  readonly pool: string | null;
  readonly pool_mode: 'exclusive' | 'shared' | null;
  readonly retry_of: string | null;
  readonly cancel_requested_at: string | null;
  readonly created_at: string;
  readonly scheduled_for: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly origin: string;
  readonly labels: string;
  readonly progress: string | null;
  readonly error: string | null;
  readonly checkpoint: string | null;
  readonly input?: string;
  readonly result?: string | null;
}

/** What is known of an operation beside its row. */
export interface BesideRow {
  readonly waitingFor: WaitingFor | null;
  readonly resolution: Resolution | null;
}

export function toOperation(row: OperationRow, { waitingFor, resolution }: BesideRow): Operation {
  return {
    id: row.id,
    task: row.task,
    tenant: row.tenant,
    org: row.org,
    pool: row.pool,
    state: row.state,
    priority: row.priority,
    ...(row.input === undefined ? {} : { input: JSON.parse(row.input) as JsonObject }),
    ...(row.result === undefined ? {} : { result: fromJson<JsonObject>(row.result) }),
    error: fromJson<OperationError>(row.error),
    progress: fromJson<Progress>(row.progress),
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    timeoutSeconds: row.timeout_seconds,
    onWorkerLoss: row.on_worker_loss,
    overrideWindow: row.override_window,
    waitingFor,
    retryOf: row.retry_of,
    cancelRequestedAt: row.cancel_requested_at,
    resolution,
    labels: JSON.parse(row.labels) as Record<string, string>,
    origin: JSON.parse(row.origin) as Origin,
    createdAt: row.created_at,
    scheduledFor: row.scheduled_for,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}

export function fromJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

export function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
