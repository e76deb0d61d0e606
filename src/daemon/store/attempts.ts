import type { Database } from 'better-sqlite3';
import type { JsonObject } from '../../contract/values.ts';
import { hasCheckpoint } from './cancel.ts';
import type { LaneRules } from './lane-rules.ts';
import type { Lanes } from './lanes.ts';
import type { Moves } from './moves.ts';
import { fromJson, type OperationRow } from './operation-row.ts';
import type { Operations } from './operations.ts';
import type { Pauses } from './pauses.ts';
import type { Member } from './pools.ts';
import type { AfterIndeterminate, Claim, OpenAttempt, RecordedWorker, Settlement } from './port.ts';
import type { RefusedLogins } from './refused-logins.ts';

const INSERT_WORKER = `INSERT INTO workers (operation, attempt, place, marker, pid, start_time, boot_id)
  SELECT @operation, @attempt, count(*) + 1, @marker, @pid, @startTime, @bootId
  FROM workers WHERE operation = @operation AND attempt = @attempt`;

interface Parts {
  readonly lanes: Lanes;
  readonly moves: Moves;
  readonly operations: Operations;
  readonly pauses: Pauses;
  readonly refusedLogins: RefusedLogins;
}

/** The runs of operations. The number of the attempt fences: an older one is told false, and nothing is written. */
export function createAttempts(db: Database, parts: Parts) {
  const open = db.prepare<[string, number, string]>(
    'INSERT INTO attempts (operation, number, started_at) VALUES (?, ?, ?)',
  );
  const close = db.prepare<[string, string, string, number]>(
    'UPDATE attempts SET ended_at = ?, ended_as = ? WHERE operation = ? AND number = ? AND ended_at IS NULL',
  );
  const insertWorker = db.prepare<[{ operation: string; attempt: number } & RecordedWorker]>(INSERT_WORKER);
  const isRecorded = db
    .prepare<[string, number, string]>(
      'SELECT 1 FROM workers WHERE operation = ? AND attempt = ? AND marker = ?',
    )
    .pluck();
  const workers = db.prepare<[string, number], RecordedWorker>(
    `SELECT marker, pid, start_time AS startTime, boot_id AS bootId FROM workers
     WHERE operation = ? AND attempt = ? ORDER BY place`,
  );
  const join = db.prepare<[Member & { id: string }]>(
    `UPDATE operations SET org = @org, organisation = @organisation, mode = pool_mode
     WHERE id = @id AND tenant = @tenant AND organisation IS NULL`,
  );
  const running = db.prepare<[], { id: string }>(
    "SELECT id FROM operations WHERE state = 'running' AND finished_at IS NULL ORDER BY id",
  );
  const stateOf = (row: OperationRow): Claim => ({
    operation: parts.operations.read(row.id),
    checkpoint: fromJson<JsonObject>(row.checkpoint),
  });

  /** Nobody knows what it left in the org, so nothing exclusive is done there before somebody has looked. */
  const pauseLane = (row: OperationRow, now: string): void => {
    const { id, tenant, organisation, mode } = row;
    if (organisation === null || mode !== 'exclusive') return;
    const reason = `${id} ended indeterminate`;
    parts.pauses.add({ tenant, organisation }, { by: 'the server', reason, at: now, operation: id });
  };

  return {
    claim(now: string, rules: LaneRules, worker: RecordedWorker | null): Claim | null {
      const next = parts.lanes.next(rules);
      if (next === null) return null;
      if (next.member !== null) join.run({ ...next.member, id: next.id });
      const row = parts.operations.find(next.id);
      if (row === null) return null;
      const attempt = row.attempt + 1;
      const moved = parts.moves.move(row, { to: 'running', at: now, reason: null, error: null, attempt });
      if (!moved) throw new Error(`The operation ${row.id} heads its lane and is ${row.state}.`);
      open.run(row.id, attempt, now);
      if (worker !== null) insertWorker.run({ operation: row.id, attempt, ...worker });
      return stateOf(row);
    },
    recordWorker(operation: string, attempt: number, worker: RecordedWorker): boolean {
      if (parts.operations.findRunning(operation, attempt) === null) return false;
      // The first time it was committed, and its answer may have been lost.
      if (isRecorded.get(operation, attempt, worker.marker) === undefined) {
        insertWorker.run({ operation, attempt, ...worker });
      }
      return true;
    },
    settle(
      operation: string,
      attempt: number,
      settlement: Settlement,
      now: string,
      ifIndeterminate: AfterIndeterminate = 'pause-lane',
    ) {
      const row = parts.operations.findRunning(operation, attempt);
      if (row === null) return null;
      const end = heeding(row, settlement);
      // before the move frees the lane, so that no lock that waits is granted in between
      if (end.to === 'indeterminate' && ifIndeterminate === 'pause-lane') pauseLane(row, now);
      const notice = parts.refusedLogins.pauseLane(row, end, now);
      if (!parts.moves.move(row, moveOf(end, now))) throw new Error(`${row.id} runs and cannot be settled.`);
      notice?.();
      close.run(now, end.to, operation, attempt);
      return parts.operations.read(operation);
    },
    listOpenAttempts(): readonly OpenAttempt[] {
      return running.all().flatMap(({ id }) => {
        const row = parts.operations.find(id);
        return row === null ? [] : [{ ...stateOf(row), workers: workers.all(id, row.attempt) }];
      });
    },
  };
}

/** Whoever settles may not have heard of a cancel yet: what nobody wants any more does not wait for another attempt. */
function heeding(row: OperationRow, settlement: Settlement): Settlement {
  const waits = settlement.to === 'queued' || settlement.to === 'scheduled';
  if (!waits || row.cancel_requested_at === null || hasCheckpoint(row)) return settlement;
  return { to: 'cancelled', result: null };
}

function moveOf(settlement: Settlement, at: string) {
  return {
    to: settlement.to,
    at,
    reason: 'reason' in settlement ? settlement.reason : null,
    error: 'error' in settlement ? settlement.error : null,
    result: 'result' in settlement ? settlement.result : null,
    ...('at' in settlement ? { scheduledFor: settlement.at } : {}),
  };
}
