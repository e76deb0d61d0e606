import type { Configuration } from '../contract/configuration.ts';
import { DEFAULT_TIME_ZONE } from '../contract/schedule.ts';
import type { Freeze, Window } from '../contract/window.ts';
import { isTimeZone } from './cron.ts';
import { isTimeOfDay, parseLocalTime } from './local-time.ts';
import { unknownTimeZone } from './name-mistakes.ts';
import type { Mistake, Path } from './place.ts';

/** What a schema cannot see in the times of an org: ones that are none, that never come, or that end before they begin. */
export function windowMistakes(configuration: Configuration): readonly Mistake[] {
  return Object.entries(configuration.orgs).flatMap(([alias, org]) => {
    const path = ['orgs', alias];
    const timeZone = org.timeZone ?? DEFAULT_TIME_ZONE;
    if (!isTimeZone(timeZone)) return [unknownTimeZone(timeZone, [...path, 'timeZone'])];
    const windows = org.window ?? [];
    return [
      ...(org.window?.length === 0 ? [at([...path, 'window'], NEVER)] : []),
      ...windows.flatMap((window, index) => mistakesOfWindow(window, [...path, 'window', index])),
      ...(org.freeze ?? []).flatMap((freeze, index) =>
        mistakesOfFreeze(freeze, [...path, 'freeze', index], timeZone),
      ),
    ];
  });
}

const NEVER = 'a window without a time never opens: leave "window" out for an org that is always open';

function mistakesOfWindow(window: Window, path: Path): readonly Mistake[] {
  const { days, from = '00:00', to = '24:00' } = window;
  const wrong = (['from', 'to'] as const)
    .filter((key) => !isTimeOfDay(window[key] ?? '00:00'))
    .map((key) => at([...path, key], `"${window[key]}" is no time of day such as 06:00 or 20:30`));
  if (wrong.length > 0) return wrong;
  if (days?.length === 0) return [at([...path, 'days'], 'a window on no day never opens')];
  if (from === '24:00') return [at([...path, 'from'], 'a window begins at 00:00 of a day, not at 24:00')];
  if (from !== to) return [];
  return [at([...path, 'to'], `a window from ${from} to ${to} never opens: a whole day is 00:00 to 24:00`)];
}

function mistakesOfFreeze({ from, to }: Freeze, path: Path, timeZone: string): readonly Mistake[] {
  const begins = parseLocalTime(from, timeZone, 'beginning');
  const ends = parseLocalTime(to, timeZone, 'end');
  if (begins === null) return [at([...path, 'from'], noDate(from))];
  if (ends === null) return [at([...path, 'to'], noDate(to))];
  return begins < ends ? [] : [at([...path, 'to'], `the freeze ends before it begins (${from})`)];
}

function noDate(text: string): string {
  return `"${text}" is no date such as 2026-12-18, or 2026-12-18 18:00`;
}

function at(path: Path, message: string): Mistake {
  return { path, at: 'value', message };
}
