import { Cron } from 'croner';

/** When a schedule runs. A tick is a moment in whole seconds. */
export interface Timetable {
  /** The first tick after a moment; null where there is none any more. */
  next(after: Date): Date | null;
}

/** Any moment serves to ask whether there is a tick at all; this one makes the answer the same on every day. */
const SOME_TIME = new Date('2000-01-01T00:00:00Z');

/**
 * Five fields, or six that begin with the second, or a nickname such as `@daily`. Throws an Error whose message says what is
 * wrong. Where clocks go forward, a fixed time that is left out comes when they have; where they go back, a fixed time comes
 * once, at the first of the two, and what repeats every so often goes on without a gap.
 */
export function parseCron(cron: string, timeZone: string): Timetable {
  if (!isTimeZone(timeZone)) throw new Error(`there is no time zone "${timeZone}"`);
  // croner also takes a date and a year, and both are over one day: the file would then be refused for good
  if (/^\s*\d{4}-/.test(cron)) throw new Error(`"${cron}" is no cron expression: it is a date`);
  const pattern = parsePattern(cron, timeZone);
  const timetable = { next: (after: Date) => pattern.nextRun(after) };
  if (timetable.next(SOME_TIME) === null) throw new Error(`"${cron}" never comes`);
  return timetable;
}

/** A local time such as `2026-12-18T18:00:00`. One that comes twice is the first; one that is left out, as much later as clocks go forward. */
export function localMoment(text: string, timeZone: string): Date {
  const moment = new Cron(text, { timezone: timeZone, paused: true }).nextRun(new Date(0));
  if (moment === null) throw new Error(`${text} in ${timeZone} is no moment.`);
  return moment;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The newest tick in (after, until], by halving: years of missed seconds take some fifty looks. */
export function newestTick(timetable: Timetable, after: Date, until: Date): Date | null {
  let newest = timetable.next(after);
  if (newest === null || newest > until) return null;
  for (let high = until.getTime(); high - newest.getTime() >= 1_000; ) {
    const middle = new Date(Math.floor((newest.getTime() + high) / 2));
    const tick = timetable.next(middle);
    if (tick !== null && tick <= until) newest = tick;
    else high = middle.getTime();
  }
  return newest;
}

function parsePattern(cron: string, timeZone: string): Cron {
  try {
    return new Cron(cron, {
      timezone: timeZone,
      paused: true,
      mode: '5-or-6-parts',
      fixedTimeRule: 'no-wildcard',
    });
  } catch (error) {
    const why = (error as Error).message.replace(/^\w+: /, '').replace(/\.$/, '');
    throw new Error(`"${cron}" is no cron expression: ${why}`, { cause: error });
  }
}
