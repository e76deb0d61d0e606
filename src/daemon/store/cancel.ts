import type { Database } from 'better-sqlite3';
import { isFinal, type Operation } from '../../contract/operation.ts';
import type { Events } from './events.ts';
import type { Moves } from './moves.ts';
import { CORE_COLUMNS, type OperationRow } from './operation-row.ts';
import type { Operations } from './operations.ts';
import type { NewOperation } from './port.ts';

export type Cancel = ReturnType<typeof createCancel>;

/** The wish that an operation ends: of a person, of a program, or of newer work that supersedes it. */
export function createCancel(db: Database, parts: { events: Events; moves: Moves; operations: Operations }) {
  const mark = db.prepare<[string, string]>(
    'UPDATE operations SET cancel_requested_at = ? WHERE id = ? AND cancel_requested_at IS NULL AND finished_at IS NULL',
  );
  const superseded = db.prepare<[string, string, string], OperationRow>(
    `SELECT ${CORE_COLUMNS} FROM operations
     WHERE tenant = ? AND supersede_key = ? AND finished_at IS NULL AND id <> ? ORDER BY id`,
  );

  const end = (row: OperationRow, now: string, reason: string): void => {
    parts.moves.move(row, { to: 'cancelled', at: now, reason, error: null, cancelRequestedAt: now });
  };
  /** A worker has to end it: the one that runs, or the next one, which is then due at once. */
  const ask = (row: OperationRow, now: string, by: string | null): void => {
    if (mark.run(now, row.id).changes === 0) return;
    parts.events.append(row, now, { type: 'cancel-requested', by });
    if (row.state !== 'scheduled') return;
    const marked = { ...row, cancel_requested_at: now };
    parts.moves.move(marked, { to: 'queued', at: now, reason: 'cancel requested', error: null });
  };

  return {
    requestCancel(tenant: string, id: string, by: string | null, now: string): Operation | null {
      const row = parts.operations.find(id);
      if (row?.tenant !== tenant) return null;
      if (isUntouched(row)) end(row, now, by === null ? 'cancelled' : `cancelled by ${by}`);
      else if (!isFinal(row.state)) ask(row, now, by);
      return parts.operations.read(id);
    },
    /** Older work of the same key is not wanted any more. */
    supersede(operation: NewOperation): void {
      const { id, tenant, supersede, createdAt } = operation;
      if (supersede === null) return;
      for (const row of superseded.all(tenant, supersede.key, id)) {
        if (isUntouched(row)) end(row, createdAt, `superseded by ${id}`);
        else if (supersede.running === 'cancel') ask(row, createdAt, `superseded by ${id}`);
      }
    },
  };
}

/** It waits, and nothing goes on in the org. */
function isUntouched(row: OperationRow): boolean {
  return (row.state === 'queued' || row.state === 'scheduled') && !hasCheckpoint(row);
}

/** Something may go on in the org. An empty checkpoint takes an earlier one back. */
export function hasCheckpoint({ checkpoint }: Pick<OperationRow, 'checkpoint'>): boolean {
  return checkpoint !== null && checkpoint !== '{}';
}
