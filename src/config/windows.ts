import { DEFAULT_TIME_ZONE } from '../contract/schedule.ts';
import { type OrgTimes, WEEKDAYS, type Window } from '../contract/window.ts';
import { type Day, dayAfter, dayOf, momentOf, parseLocalTime } from './local-time.ts';

/** `until`: when that changes; null: never, as far as anybody looks ahead. */
export type Opening =
  | { readonly open: true; readonly until: Date | null }
  | { readonly open: false; readonly until: Date; readonly why: string };

interface Span {
  readonly from: Date;
  readonly to: Date;
}

/** A window comes every week; a day whose clocks leave it out costs one more. */
const DAYS_AHEAD = 15;
/** Windows that follow each other without a gap are one; more of them than this are told as open without an end. */
const JOINED = 60;

export function hasTimes({ window, freeze }: OrgTimes): boolean {
  return window !== undefined || (freeze?.length ?? 0) > 0;
}

/** Whether work may start in an org at a moment, by its windows and freezes. They were checked when they were read. */
export function openAt(times: OrgTimes, now: Date): Opening {
  const freezes = freezesOf(times);
  let why: string | null = null;
  let at = now;
  for (let closed = closedAt(times, freezes, at); closed !== null; closed = closedAt(times, freezes, at)) {
    why ??= closed.why;
    at = closed.until;
  }
  if (why !== null) return { open: false, until: at, why };
  return { open: true, until: earliest([...closings(times, now), ...startsAfter(freezes, now)]) };
}

/** The moments between which a window that begins on this day is open; null: it does not. */
function spanOf({ days, from = '00:00', to = '24:00' }: Window, day: Day, timeZone: string): Span | null {
  const weekday = WEEKDAYS[day.getUTCDay()];
  if (weekday === undefined || (days !== undefined && !days.includes(weekday))) return null;
  const span = {
    from: momentOf(day, from, timeZone),
    to: momentOf(to <= from ? dayAfter(day) : day, to, timeZone),
  };
  return span.from < span.to ? span : null;
}

function closedAt(
  times: OrgTimes,
  freezes: readonly (Span & { readonly reason: string })[],
  at: Date,
): { readonly until: Date; readonly why: string } | null {
  const freeze = freezes.find((span) => holds(span, at));
  if (freeze !== undefined) return { until: freeze.to, why: `freeze: ${freeze.reason}` };
  if (times.window === undefined || spansNow(times, at).length > 0) return null;
  return { until: nextStart(times, at), why: 'outside its window' };
}

/** When the windows that are open now close, unless another one goes on from there. */
function closings(times: OrgTimes, now: Date): readonly Date[] {
  if (times.window === undefined) return [];
  let at = now;
  for (let joined = 0; joined < JOINED; joined += 1) {
    const ends = spansNow(times, at).map(({ to }) => to.getTime());
    if (ends.length === 0) return [at];
    at = new Date(Math.max(...ends));
  }
  return [];
}

/** Of today, and of yesterday, which may pass midnight. */
function spansNow(times: OrgTimes, at: Date): readonly Span[] {
  return [-1, 0].flatMap((day) => spansOn(times, at, day)).filter((span) => holds(span, at));
}

function nextStart(times: OrgTimes, at: Date): Date {
  for (let day = 0; day <= DAYS_AHEAD; day += 1) {
    const next = earliest(startsAfter(spansOn(times, at, day), at));
    if (next !== null) return next;
  }
  throw new Error('A window that never opens was not refused.');
}

/** What begins so many days after that of the moment. */
function spansOn(times: OrgTimes, at: Date, days: number): readonly Span[] {
  const { window = [], timeZone = DEFAULT_TIME_ZONE } = times;
  const day = dayAfter(dayOf(at, timeZone), days);
  return window.flatMap((one) => spanOf(one, day, timeZone) ?? []);
}

function freezesOf({ freeze = [], timeZone = DEFAULT_TIME_ZONE }: OrgTimes) {
  return freeze.map(({ from, to, reason }) => {
    const span = {
      from: parseLocalTime(from, timeZone, 'beginning'),
      to: parseLocalTime(to, timeZone, 'end'),
    };
    if (span.from === null || span.to === null) throw new Error('A freeze without times was not refused.');
    return { from: span.from, to: span.to, reason };
  });
}

function holds({ from, to }: Span, at: Date): boolean {
  return from <= at && at < to;
}

function startsAfter(spans: readonly Span[], at: Date): readonly Date[] {
  return spans.map(({ from }) => from).filter((from) => from > at);
}

function earliest(moments: readonly Date[]): Date | null {
  return moments.length === 0 ? null : new Date(Math.min(...moments.map((moment) => moment.getTime())));
}
