import type { Logger } from 'pino';
import { newestTick } from '../../config/cron.ts';
import type { Configuration } from '../../contract/configuration.ts';
import type { OperationParts } from '../operations/accept.ts';
import type { RecordedTick } from '../store/schedule-port.ts';
import { type DeclaredSchedule, declaredSchedules } from './declared.ts';
import { runTick } from './run-tick.ts';

/** Looking again this often notices a clock that was set, and a machine that slept, before a tick counts as missed. */
const LONGEST_WAIT_MS = 30_000;
const AFTER_ERROR_MS = 1_000;

export interface Schedules {
  start(): void;
  stop(): Promise<void>;
  /** Runs what is due, by the configuration as it is now; resolves when that is recorded. Nothing before the start. */
  look(): Promise<void>;
}

/** A schedule, the moment up to which its ticks are settled, and its first tick after that. */
interface Watched {
  readonly schedule: DeclaredSchedule;
  settledUpTo: Date;
  next: Date | null;
}

/** Makes the operations that `schedules:` asks for, each at its time. */
export function createSchedules(parts: OperationParts & { readonly log: Logger }): Schedules {
  const { configuration, log, now } = parts;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> = Promise.resolve();
  let running = false;
  let known: Configuration | null = null;
  let watched: readonly Watched[] = [];

  const readAgain = async (): Promise<void> => {
    const current = configuration();
    if (current === known) return;
    watched = await watchAll(parts, declaredSchedules(current));
    known = current;
  };
  /** What fails keeps nobody else back; false: it is to be tried again. */
  const tried = async (work: Promise<void>, schedule?: string): Promise<boolean> => {
    try {
      await work;
      return true;
    } catch (error) {
      log.error({ err: error, schedule }, 'schedules could not be looked after; trying again');
      return false;
    }
  };
  const cycle = async (): Promise<void> => {
    if (!running) return;
    let done = await tried(readAgain());
    for (const one of watched) done = (await tried(settle(parts, one), one.schedule.name)) && done;
    const waitMs = done ? waitUntilNext(watched, now()) : AFTER_ERROR_MS;
    if (timer !== null) clearTimeout(timer);
    timer = running ? setTimeout(look, waitMs) : null;
  };
  const look = (): Promise<void> => {
    looking = looking.then(cycle);
    return looking;
  };

  return {
    start() {
      running = true;
      void look();
    },
    async stop() {
      running = false;
      await looking;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
    look,
  };
}

async function watchAll(
  { store, now }: OperationParts,
  schedules: readonly DeclaredSchedule[],
): Promise<readonly Watched[]> {
  const wanted = schedules.map(({ tenant, name, cron, timeZone }) => ({ tenant, name, cron, timeZone }));
  const states = await store.keepSchedules(wanted, now().toISOString());
  return schedules.map((schedule) => {
    const state = states.find(({ tenant, name }) => tenant === schedule.tenant && name === schedule.name);
    if (state === undefined) throw new Error(`The schedule ${schedule.name} was not kept.`);
    const settledUpTo = new Date(state.settledUpTo);
    return { schedule, settledUpTo, next: schedule.timetable.next(settledUpTo) };
  });
}

/** Of several ticks that are due only the newest is run: nobody wants a night's work five times in the morning. */
async function settle(parts: OperationParts & { readonly log: Logger }, one: Watched): Promise<void> {
  const now = parts.now();
  const { timetable } = one.schedule;
  if (one.settledUpTo > now) {
    // the clock was set back; ticks that come a second time are known to the store
    one.settledUpTo = now;
    one.next = timetable.next(now);
  }
  if (one.next === null || one.next > now) return;
  const tick = newestTick(timetable, one.settledUpTo, now) ?? one.next;
  report(parts.log, one.schedule, tick, await runTick(parts, one.schedule, tick));
  one.settledUpTo = tick;
  one.next = timetable.next(tick);
}

function report(log: Logger, { tenant, name }: DeclaredSchedule, tick: Date, recorded: RecordedTick): void {
  const about = { tenant, schedule: name, tick: tick.toISOString(), ...recorded };
  if (recorded.outcome === 'created') log.info(about, 'a schedule made an operation');
  else log.warn(about, 'a tick of a schedule made no operation');
}

function waitUntilNext(watched: readonly Watched[], now: Date): number {
  const waits = watched.flatMap(({ next }) => (next === null ? [] : [next.getTime() - now.getTime()]));
  return Math.min(Math.max(Math.min(...waits), 1), LONGEST_WAIT_MS);
}
