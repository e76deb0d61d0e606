import type { Database } from 'better-sqlite3';
import type { OperationState } from '../../contract/operation.ts';
import type { Accepting } from './acceptance.ts';
import type { NewOperation } from './port.ts';
import type { KnownSchedule, NewTick, RecordedTick, ScheduleState, StoredTick } from './schedule-port.ts';

/** A tick is known for this many later ones of its schedule, also when the clock is set back over them. */
export const TICKS_KEPT = 1_000;

interface ScheduleRow {
  readonly tenant: string;
  readonly name: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly settled_up_to: string;
}

type Name = [tenant: string, name: string];

/** Schedules as they were declared last, and what became of each of their ticks. */
export function createSchedules(db: Database, accepting: Accepting) {
  const all = db.prepare<[], ScheduleRow>('SELECT * FROM schedules');
  const remove = db.prepare<Name>('DELETE FROM schedules WHERE tenant = ? AND name = ?');
  const put = db.prepare<[KnownSchedule & { now: string }]>(
    `INSERT INTO schedules (tenant, name, cron, time_zone, settled_up_to) VALUES (@tenant, @name, @cron, @timeZone, @now)
     ON CONFLICT DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone, settled_up_to = excluded.settled_up_to
     WHERE cron <> excluded.cron OR time_zone <> excluded.time_zone`,
  );
  const settle = db.prepare<[string, ...Name]>(
    'UPDATE schedules SET settled_up_to = ? WHERE tenant = ? AND name = ?',
  );
  const known = db.prepare<[...Name, string], { one: 1 }>(
    'SELECT 1 AS one FROM ticks WHERE tenant = ? AND schedule = ? AND tick = ?',
  );
  const unfinished = db.prepare<Name, { id: string }>(
    `SELECT operations.id AS id FROM ticks JOIN operations ON operations.id = ticks.operation
     WHERE ticks.tenant = ? AND schedule = ? AND operations.finished_at IS NULL ORDER BY number DESC LIMIT 1`,
  );
  const insert = db.prepare<[Omit<NewTick, 'overlap'> & { operation: string | null }]>(
    `INSERT INTO ticks (tenant, schedule, tick, outcome, operation, detail)
     VALUES (@tenant, @schedule, @tick, @outcome, @operation, @detail)`,
  );
  const prune = db.prepare<[...Name, ...Name]>(
    `DELETE FROM ticks WHERE tenant = ? AND schedule = ? AND number <=
       (SELECT number FROM ticks WHERE tenant = ? AND schedule = ? ORDER BY number DESC LIMIT 1 OFFSET ${TICKS_KEPT})`,
  );
  const last = db.prepare<Name, StoredTick>(
    'SELECT tick, outcome, detail FROM ticks WHERE tenant = ? AND schedule = ? ORDER BY number DESC LIMIT 1',
  );
  const lastMade = db.prepare<Name, { id: string; state: OperationState; tick: string }>(
    `SELECT operations.id AS id, state, tick FROM ticks JOIN operations ON operations.id = ticks.operation
     WHERE ticks.tenant = ? AND schedule = ? ORDER BY number DESC LIMIT 1`,
  );

  const decide = (tick: NewTick, operation: NewOperation | null) => {
    const running = tick.overlap === 'skip' ? unfinished.get(tick.tenant, tick.schedule) : undefined;
    if (operation === null || running === undefined) return { tick, operation };
    const detail = `The operation ${running.id} had not ended.`;
    return { tick: { ...tick, outcome: 'overlapped' as const, detail }, operation: null };
  };

  return {
    keepSchedules(wanted: readonly KnownSchedule[], now: string): readonly ScheduleState[] {
      const gone = all
        .all()
        .filter((row) => !wanted.some(({ tenant, name }) => tenant === row.tenant && name === row.name));
      for (const { tenant, name } of gone) remove.run(tenant, name);
      for (const { tenant, name, cron, timeZone } of wanted) put.run({ tenant, name, cron, timeZone, now });
      return all
        .all()
        .map(({ tenant, name, settled_up_to }) => ({ tenant, name, settledUpTo: settled_up_to }));
    },
    recordTick(wanted: NewTick, made: NewOperation | null): RecordedTick {
      const { tenant, schedule } = wanted;
      if (known.get(tenant, schedule, wanted.tick) !== undefined) {
        return { outcome: 'repeated', operation: null, detail: null };
      }
      const { tick, operation } = decide(wanted, made);
      const { overlap: _overlap, ...row } = tick;
      if (operation !== null) accepting.add(operation);
      insert.run({ ...row, operation: operation?.id ?? null });
      settle.run(tick.tick, tenant, schedule);
      prune.run(tenant, schedule, tenant, schedule);
      return { outcome: tick.outcome, operation: operation?.id ?? null, detail: tick.detail };
    },
    lastOfSchedule: (tenant: string, name: string) => ({
      run: last.get(tenant, name) ?? null,
      operation: lastMade.get(tenant, name) ?? null,
    }),
  };
}
