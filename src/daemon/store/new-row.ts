import type { Database } from 'better-sqlite3';
import { HEAD_START_MS, type Operation } from '../../contract/operation.ts';
import type { NewOperation } from './new-operation.ts';
import type { OperationRow } from './operation-row.ts';

/** What is stored of an operation that is new; all other columns are null. */
const COLUMNS = [
  'id',
  'tenant',
  'task',
  'org',
  'organisation',
  'mode',
  'state',
  'priority',
  'rank',
  'attempt',
  'max_attempts',
  'timeout_seconds',
  'on_worker_loss',
  'override_window',
  'pool',
  'pool_mode',
  'retry_of',
  'supersede_key',
  'created_at',
  'scheduled_for',
  'origin',
  'labels',
  'input',
] as const satisfies readonly (keyof NewRow)[];

export interface NewRow extends OperationRow {
  readonly state: 'queued' | 'scheduled';
  readonly supersede_key: string | null;
}

/** By place: SQLite would be asked for the name of each of them at every call. */
export function createInsert(db: Database): (row: NewRow) => void {
  const insert = db.prepare<unknown[]>(
    `INSERT INTO operations (${COLUMNS.join()}) VALUES (${COLUMNS.map(() => '?').join()})`,
  );
  return (row) => void insert.run(COLUMNS.map((column) => row[column]));
}

/** The rank is the moment of enqueueing minus the head start: it stays, so waiting work ages and none starves. */
export function newRow(operation: NewOperation): NewRow {
  const { lane, pool, scheduledFor, createdAt, priority } = operation;
  return {
    id: operation.id,
    tenant: operation.tenant,
    task: operation.task,
    org: operation.org,
    organisation: lane?.organisation ?? null,
    mode: lane?.mode ?? null,
    state: scheduledFor === null ? 'queued' : 'scheduled',
    priority,
    rank: Date.parse(scheduledFor ?? createdAt) - HEAD_START_MS[priority],
    attempt: 0,
    max_attempts: operation.maxAttempts,
    timeout_seconds: operation.timeoutSeconds,
    on_worker_loss: operation.onWorkerLoss,
    override_window: operation.overrideWindow,
    pool: pool?.name ?? null,
    pool_mode: pool?.mode ?? null,
    retry_of: operation.retryOf,
    supersede_key: operation.supersede?.key ?? null,
    cancel_requested_at: null,
    created_at: createdAt,
    scheduled_for: scheduledFor,
    started_at: null,
    finished_at: null,
    origin: JSON.stringify(operation.origin),
    labels: JSON.stringify(operation.labels),
    progress: null,
    error: null,
    checkpoint: null,
    input: JSON.stringify(operation.input),
    result: null,
  };
}

/** What reading its row would answer, without reading and parsing what was just written. */
export function newlyAccepted(
  operation: NewOperation,
  { state, attempt }: NewRow,
  waitingFor: Operation['waitingFor'],
): Operation {
  const { lane: _lane, pool, supersede: _supersede, queue: _queue, ...said } = operation;
  return {
    ...said,
    pool: pool?.name ?? null,
    state,
    result: null,
    error: null,
    progress: null,
    attempt,
    waitingFor,
    cancelRequestedAt: null,
    resolution: null,
    startedAt: null,
    finishedAt: null,
  };
}
