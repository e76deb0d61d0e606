import type { Database } from 'better-sqlite3';
import { HEAD_START_MS, type Operation } from '../../contract/operation.ts';
import type { Events } from './events.ts';
import type { Lanes } from './lanes.ts';
import { ALL_COLUMNS, CORE_COLUMNS, type OperationRow, toOperation } from './operation-row.ts';
import type { Counts, NewOperation } from './port.ts';
import type { Resolutions } from './resolutions.ts';
import { createTally } from './tally.ts';
import type { Waiting } from './waiting.ts';

const INSERT = `INSERT INTO operations (id, tenant, task, org, organisation, mode, state, priority, rank, attempt, max_attempts,
    timeout_seconds, on_worker_loss, override_window, pool, pool_mode, retry_of, supersede_key, created_at, scheduled_for, origin, labels, input)
  VALUES (@id, @tenant, @task, @org, @organisation, @mode, @state, @priority, @rank, 0, @maxAttempts,
    @timeoutSeconds, @onWorkerLoss, @overrideWindow, @pool, @poolMode, @retryOf, @supersedeKey, @createdAt, @scheduledFor, @origin, @labels, @input)`;

export type Operations = ReturnType<typeof createOperations>;

/** The rows of operations: made, found, counted. `moves.ts` changes their state. */
export function createOperations(
  db: Database,
  parts: { events: Events; lanes: Lanes; waiting: Waiting; resolutions: Resolutions },
) {
  const insert = db.prepare<[Record<string, unknown>]>(INSERT);
  const tally = createTally(db);
  const insertLabel = db.prepare<[string, string, string, string]>(
    'INSERT INTO labels (tenant, name, value, operation) VALUES (?, ?, ?, ?)',
  );
  const byId = db.prepare<[string], OperationRow>(`SELECT ${CORE_COLUMNS} FROM operations WHERE id = ?`);
  const whole = db.prepare<[string], OperationRow>(`SELECT ${ALL_COLUMNS} FROM operations WHERE id = ?`);
  const countAll = db.prepare<[string], { n: number }>(
    'SELECT count(*) AS n FROM operations WHERE state = ? AND finished_at IS NULL',
  );
  const countOfTenant = db.prepare<[string, string], { n: number }>(
    'SELECT count(*) AS n FROM operations WHERE tenant = ? AND state = ?',
  );
  const find = (id: string): OperationRow | null => byId.get(id) ?? null;
  const read = (id: string): Operation => {
    const row = whole.get(id);
    if (row === undefined) throw new Error(`The operation ${id} is not in the database.`);
    return toOperation(row, {
      waitingFor: parts.waiting.waitingFor(row),
      resolution: parts.resolutions.of(row),
    });
  };
  const count = (tenant: string | null, state: keyof Counts): number =>
    (tenant === null ? countAll.get(state) : countOfTenant.get(tenant, state))?.n ?? 0;

  return {
    /** The row, its labels, its place in the lane and its first event. */
    add(operation: NewOperation): void {
      const values = insertable(operation);
      insert.run(values);
      tally(operation.tenant);
      for (const [name, value] of Object.entries(operation.labels)) {
        insertLabel.run(operation.tenant, name, value, operation.id);
      }
      parts.lanes.refresh(values);
      const { id, tenant, org, task, createdAt, overrideWindow } = operation;
      parts.events.append({ id, tenant, org, attempt: 0 }, createdAt, {
        type: 'created',
        task,
        state: values.state,
      });
      if (overrideWindow === null) return;
      parts.events.append({ id, tenant, org, attempt: 0 }, createdAt, {
        type: 'window-overridden',
        reason: overrideWindow,
        by: operation.origin.name,
      });
    },
    find,
    /** Null: this attempt is not the one that runs. */
    findRunning(id: string, attempt: number): OperationRow | null {
      const row = find(id);
      return row?.state === 'running' && row.attempt === attempt ? row : null;
    },
    /** With input and result. */
    read,
    getOperation: (tenant: string, id: string): Operation | null =>
      find(id)?.tenant === tenant ? read(id) : null,
    counts: (tenant: string | null): Counts => ({
      scheduled: count(tenant, 'scheduled'),
      queued: count(tenant, 'queued'),
      running: count(tenant, 'running'),
    }),
  };
}

/** The rank is the moment of enqueueing minus the head start: it stays, so waiting work ages and none starves. */
function insertable(operation: NewOperation) {
  const { lane, pool, supersede, origin, labels, input, queue: _limits, ...plain } = operation;
  const enqueuedAt = Date.parse(operation.scheduledFor ?? operation.createdAt);
  return {
    ...plain,
    organisation: lane?.organisation ?? null,
    mode: lane?.mode ?? null,
    pool: pool?.name ?? null,
    poolMode: pool?.mode ?? null,
    state: operation.scheduledFor === null ? ('queued' as const) : ('scheduled' as const),
    rank: enqueuedAt - HEAD_START_MS[operation.priority],
    supersedeKey: supersede?.key ?? null,
    origin: JSON.stringify(origin),
    labels: JSON.stringify(labels),
    input: JSON.stringify(input),
  };
}
