import { localMoment } from './cron.ts';

/** A calendar day as the moment of its midnight in UTC: days are counted there, where every one has 24 hours. */
export type Day = Date;

const DAY_MS = 86_400_000;
const TIME_OF_DAY = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;
const DATE = /^(2\d{3}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}))?$/;

export function isTimeOfDay(text: string): boolean {
  return TIME_OF_DAY.test(text);
}

export function dayAfter(day: Day, days = 1): Day {
  return new Date(day.getTime() + days * DAY_MS);
}

/** The calendar day of a moment in a time zone. */
export function dayOf(moment: Date, timeZone: string): Day {
  // the Swedish way to write a date is that of ISO 8601
  return new Date(`${new Intl.DateTimeFormat('sv-SE', { timeZone }).format(moment)}T00:00:00Z`);
}

/**
 * A day and a time of it (`20:00`, `24:00`) in a time zone. A time that comes twice is the first of the two; one that clocks
 * leave out is as much later as they go forward: 02:30 is then 03:30.
 */
export function momentOf(day: Day, time: string, timeZone: string): Date {
  const [date, clock] = time === '24:00' ? [dayAfter(day), '00:00'] : [day, time];
  return localMoment(`${date.toISOString().slice(0, 10)}T${clock}:00`, timeZone);
}

/** `2026-12-18` or `2026-12-18 18:00`; null: it is neither. Of a day without a time, its beginning or its end. */
export function parseLocalTime(text: string, timeZone: string, of: 'beginning' | 'end'): Date | null {
  const [, date = '', time] = DATE.exec(text) ?? [];
  const day = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return null;
  const wanted = time ?? (of === 'beginning' ? '00:00' : '24:00');
  return isTimeOfDay(wanted) ? momentOf(day, wanted, timeZone) : null;
}
