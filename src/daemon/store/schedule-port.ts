import type { ScheduleView, TickOutcome } from '../../contract/schedule.ts';
import type { NewOperation } from './new-operation.ts';

/** A schedule as it is declared now. */
export interface KnownSchedule {
  readonly tenant: string;
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
}

/** Ticks up to `settledUpTo` have been decided, or came before the schedule was declared as it is. */
export interface ScheduleState {
  readonly tenant: string;
  readonly name: string;
  readonly settledUpTo: string;
}

/** What is about to become of a tick; `overlap: skip` makes no operation while an earlier one has not ended. */
export interface NewTick {
  readonly tenant: string;
  readonly schedule: string;
  readonly tick: string;
  readonly outcome: TickOutcome;
  readonly overlap: 'skip' | 'queue';
  readonly detail: string | null;
}

export type StoredTick = NonNullable<ScheduleView['lastRun']>;

/** `repeated`: the tick was decided before, and nothing was written. */
export interface RecordedTick {
  readonly outcome: TickOutcome | 'repeated';
  readonly operation: string | null;
  readonly detail: string | null;
}

/** The verbs of schedules; what holds of the port's verbs holds of these. */
export interface SchedulePort {
  /** Forgets schedules that are gone; one that is new, or comes at other times than before, is settled up to now. */
  keepSchedules(schedules: readonly KnownSchedule[], now: string): Promise<readonly ScheduleState[]>;
  /** The tick and its operation in one transaction, once: a tick that was recorded before makes nothing. */
  recordTick(tick: NewTick, operation: NewOperation | null): Promise<RecordedTick>;
  lastOfSchedule(
    tenant: string,
    name: string,
  ): Promise<{ readonly run: StoredTick | null; readonly operation: ScheduleView['lastOperation'] }>;
}
