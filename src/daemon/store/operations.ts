import type { Database } from 'better-sqlite3';
import type { Operation } from '../../contract/operation.ts';
import type { Events } from './events.ts';
import type { Lanes } from './lanes.ts';
import { createInsert, newlyAccepted, newRow } from './new-row.ts';
import { ALL_COLUMNS, CORE_COLUMNS, type OperationRow, toOperation } from './operation-row.ts';
import type { Counts, NewOperation } from './port.ts';
import type { Resolutions } from './resolutions.ts';
import { createTally } from './tally.ts';
import type { Waiting } from './waiting.ts';

export type Operations = ReturnType<typeof createOperations>;

/** The rows of operations: made, found, counted. `moves.ts` changes their state. */
export function createOperations(
  db: Database,
  parts: { events: Events; lanes: Lanes; waiting: Waiting; resolutions: Resolutions },
) {
  const insert = createInsert(db);
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
    /** The row, its labels, its place in the lane and its first event. The answer says the operation, once it is asked for. */
    add(operation: NewOperation): () => Operation {
      const row = newRow(operation);
      const { id, tenant, org, attempt } = row;
      insert(row);
      tally(tenant);
      for (const name in operation.labels) insertLabel.run(tenant, name, operation.labels[name] ?? '', id);
      parts.lanes.join(row);
      const { task, createdAt, overrideWindow } = operation;
      const subject = { id, tenant, org, attempt };
      parts.events.append(subject, createdAt, { type: 'created', task, state: row.state });
      if (overrideWindow !== null) {
        const { name: by } = operation.origin;
        parts.events.append(subject, createdAt, { type: 'window-overridden', reason: overrideWindow, by });
      }
      return () => newlyAccepted(operation, row, parts.waiting.waitingFor(row));
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
