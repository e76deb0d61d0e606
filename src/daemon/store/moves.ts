import type { Database } from 'better-sqlite3';
import { isFinal, mayMove, type OperationError, type OperationState } from '../../contract/operation.ts';
import type { JsonObject } from '../../contract/values.ts';
import type { Events } from './events.ts';
import type { Lanes } from './lanes.ts';
import { type OperationRow, toJson } from './operation-row.ts';

/** A move to another state, with all that changes beside it; what is left out stays. */
export interface Move {
  readonly to: OperationState;
  readonly at: string;
  readonly reason: string | null;
  readonly error: OperationError | null;
  readonly attempt?: number;
  readonly result?: JsonObject | null;
  readonly scheduledFor?: string;
  readonly cancelRequestedAt?: string;
}

/** The guard: the row is still in the state and attempt in which it was read. */
const MOVE = `UPDATE operations SET state = @to, attempt = @attempt, result = @result, error = @error, progress = @progress,
    scheduled_for = @scheduledFor, cancel_requested_at = @cancelRequestedAt, started_at = @startedAt, finished_at = @finishedAt
  WHERE id = @id AND state = @from AND attempt = @fromAttempt`;

export type Moves = ReturnType<typeof createMoves>;

/** The one place where states change: by TRANSITIONS, under a guard, with the event and the lane in the same transaction. */
export function createMoves(db: Database, parts: { events: Events; lanes: Lanes }) {
  const update = db.prepare<[Record<string, unknown>]>(MOVE);
  return {
    /** False: the move is not allowed from here, or somebody was first; nothing changed. */
    move(row: OperationRow, move: Move): boolean {
      if (!mayMove(row.state, move.to)) return false;
      const values = changed(row, move);
      if (update.run(values).changes === 0) return false;
      parts.lanes.refresh(row);
      parts.events.append({ ...row, attempt: values.attempt }, move.at, {
        type: 'state',
        from: row.state,
        to: move.to,
        reason: move.reason,
        error: move.error,
      });
      return true;
    },
  };
}

/** What an attempt left (error, progress) stays to be read while the operation waits, and goes when the next one starts. */
function changed(row: OperationRow, move: Move) {
  const starts = move.to === 'running';
  const comesDue = row.state === 'scheduled' && move.to === 'queued';
  return {
    id: row.id,
    from: row.state,
    fromAttempt: row.attempt,
    to: move.to,
    attempt: move.attempt ?? row.attempt,
    result: toJson(move.result ?? null),
    error: comesDue ? row.error : toJson(move.error),
    progress: starts ? null : row.progress,
    scheduledFor: move.scheduledFor ?? row.scheduled_for,
    cancelRequestedAt: move.cancelRequestedAt ?? row.cancel_requested_at,
    startedAt: starts ? (row.started_at ?? move.at) : row.started_at,
    finishedAt: isFinal(move.to) ? move.at : null,
  };
}
