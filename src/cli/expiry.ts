import { AppError } from '../contract/errors.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 3_650;

/** `90` (days from now) or an ISO time in the future, as ISO UTC; null for "never". */
export function expiryOf(text: string, now: Date): string | null {
  if (text === 'never') return null;
  const time = /^\d{1,4}$/.test(text) ? inDays(Number(text), now) : isoTime(text);
  if (time !== null && time.getTime() > now.getTime()) return time.toISOString();
  throw new AppError('invalid-request', `"${text}" is no time in the future.`, {
    hint: `Give a number of days (1 to ${LONGEST_DAYS}), an ISO time such as 2030-12-31T00:00:00Z, or never.`,
  });
}

function inDays(days: number, now: Date): Date | null {
  return days >= 1 && days <= LONGEST_DAYS ? new Date(now.getTime() + days * DAY_MS) : null;
}

function isoTime(text: string): Date | null {
  if (!/^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}
