import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseConfiguration } from '../../src/config/file.ts';
import { hasTimes, openAt } from '../../src/config/windows.ts';
import { type OrgTimes, WEEKDAYS, type Window } from '../../src/contract/window.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const NIGHTS: OrgTimes = {
  timeZone: 'Europe/Berlin',
  window: [{ days: ['mon', 'tue', 'wed', 'thu'], from: '20:00', to: '06:00' }],
};

function told(times: OrgTimes, now: string): string {
  const opening = openAt(times, new Date(now));
  const until = opening.until?.toISOString() ?? 'ever';
  return opening.open ? `open until ${until}` : `closed until ${until}: ${opening.why}`;
}

describe('a window', () => {
  it.each([
    [
      'on a Monday afternoon',
      '2026-06-01T12:00:00Z',
      'closed until 2026-06-01T18:00:00.000Z: outside its window',
    ],
    ['at its first moment', '2026-06-01T18:00:00Z', 'open until 2026-06-02T04:00:00.000Z'],
    ['before midnight', '2026-06-01T21:59:59Z', 'open until 2026-06-02T04:00:00.000Z'],
    ['after midnight', '2026-06-01T22:00:00Z', 'open until 2026-06-02T04:00:00.000Z'],
    ['at its last moment', '2026-06-02T03:59:59.999Z', 'open until 2026-06-02T04:00:00.000Z'],
    [
      'when it has closed',
      '2026-06-02T04:00:00Z',
      'closed until 2026-06-02T18:00:00.000Z: outside its window',
    ],
    [
      'in the night to Friday, which began on Thursday',
      '2026-06-05T03:00:00Z',
      'open until 2026-06-05T04:00:00.000Z',
    ],
    ['over the weekend', '2026-06-05T18:00:00Z', 'closed until 2026-06-08T18:00:00.000Z: outside its window'],
  ])('%s', (_when, now, expected) => {
    expect(told(NIGHTS, now)).toBe(expected);
  });

  it('is a whole day without times, and every day without days', () => {
    const weekend: OrgTimes = { window: [{ days: ['sat', 'sun'] }] };
    expect(told(weekend, '2026-06-06T00:00:00Z')).toBe('open until 2026-06-08T00:00:00.000Z');
    expect(told(weekend, '2026-06-05T23:59:59Z')).toMatch(/^closed until 2026-06-06T00:00:00/);
    expect(told({ window: [{ from: '01:00', to: '02:00' }] }, '2026-06-03T00:30:00Z')).toMatch(/T01:00:00/);
    expect(told({ window: [{}] }, '2026-06-03T00:30:00Z')).toBe('open until ever');
  });

  it('goes on in one that follows it at once', () => {
    const joined: OrgTimes = {
      window: [
        { from: '08:00', to: '12:00' },
        { from: '12:00', to: '17:30' },
      ],
    };
    expect(told(joined, '2026-06-03T09:00:00Z')).toBe('open until 2026-06-03T17:30:00.000Z');
  });

  it('is an org without any always open', () => {
    expect(told({}, '2026-06-03T09:00:00Z')).toBe('open until ever');
    expect([{}, { timeZone: 'UTC' }, { freeze: [] }, NIGHTS].map(hasTimes)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });
});

describe('on the days when clocks change', () => {
  it.each<[string, Window, string, string]>([
    // Berlin: 2026-03-29 02:00 becomes 03:00, at 01:00 UTC
    [
      'the night is an hour shorter',
      { from: '20:00', to: '06:00' },
      '2026-03-28T20:00:00Z',
      'open until 2026-03-29T04:00:00.000Z',
    ],
    [
      'a beginning that is left out comes an hour later',
      { from: '02:30', to: '06:00' },
      '2026-03-29T00:59:00Z',
      'closed until 2026-03-29T01:30:00.000Z: outside its window',
    ],
    [
      'a window that is left out whole comes an hour later',
      { from: '02:15', to: '02:45' },
      '2026-03-29T00:59:00Z',
      'closed until 2026-03-29T01:15:00.000Z: outside its window',
    ],
    [
      'what begins in the gap and ends with it comes the next day',
      { from: '02:30', to: '03:00' },
      '2026-03-29T00:59:00Z',
      'closed until 2026-03-30T00:30:00.000Z: outside its window',
    ],
    // 2026-10-25 03:00 becomes 02:00, at 01:00 UTC
    [
      'the night is an hour longer',
      { from: '20:00', to: '06:00' },
      '2026-10-24T20:00:00Z',
      'open until 2026-10-25T05:00:00.000Z',
    ],
    [
      'a beginning that comes twice is the first',
      { from: '02:30', to: '06:00' },
      '2026-10-25T00:29:00Z',
      'closed until 2026-10-25T00:30:00.000Z: outside its window',
    ],
    [
      'once open it stays so when the beginning comes again',
      { from: '02:30', to: '06:00' },
      '2026-10-25T01:15:00Z',
      'open until 2026-10-25T05:00:00.000Z',
    ],
    [
      'an end that comes twice is the first',
      { from: '20:00', to: '02:30' },
      '2026-10-25T00:29:00Z',
      'open until 2026-10-25T00:30:00.000Z',
    ],
    [
      'it does not open again for the second',
      { days: ['sat'], from: '20:00', to: '02:30' },
      '2026-10-25T01:10:00Z',
      'closed until 2026-10-31T19:00:00.000Z: outside its window',
    ],
  ])('in Berlin %s', (_what, window, now, expected) => {
    expect(told({ timeZone: 'Europe/Berlin', window: [window] }, now)).toBe(expected);
  });

  it.each<[string, Window, string, string]>([
    // New York: 2026-03-08 02:00 becomes 03:00, at 07:00 UTC
    [
      'a beginning that is left out comes an hour later',
      { from: '02:30', to: '06:00' },
      '2026-03-08T06:59:00Z',
      'closed until 2026-03-08T07:30:00.000Z: outside its window',
    ],
    // 2026-11-01 02:00 becomes 01:00, at 06:00 UTC
    [
      'a beginning that comes twice is the first',
      { from: '01:30', to: '04:00' },
      '2026-11-01T05:29:00Z',
      'closed until 2026-11-01T05:30:00.000Z: outside its window',
    ],
    [
      'and it ends three and a half hours later',
      { from: '01:30', to: '04:00' },
      '2026-11-01T05:30:00Z',
      'open until 2026-11-01T09:00:00.000Z',
    ],
  ])('in New York %s', (_what, window, now, expected) => {
    expect(told({ timeZone: 'America/New_York', window: [window] }, now)).toBe(expected);
  });
});

describe('a freeze', () => {
  const frozen: OrgTimes = {
    ...NIGHTS,
    freeze: [
      { from: '2026-12-18', to: '2027-01-06', reason: 'Christmas' },
      { from: '2026-06-01 22:00', to: '2026-06-01 23:00', reason: 'audit' },
    ],
  };

  it('closes from the beginning of its first day to the end of its last, and the window counts from there', () => {
    const christmas = 'closed until 2027-01-06T23:00:00.000Z: freeze: Christmas';
    expect(told(frozen, '2026-12-17T23:00:00Z')).toBe(christmas);
    expect(told(frozen, '2027-01-06T22:59:59Z')).toBe(christmas);
    expect(told(frozen, '2026-12-17T22:59:59Z')).toBe('open until 2026-12-17T23:00:00.000Z');
    expect(
      told(
        { ...NIGHTS, freeze: [{ from: '2026-12-18', to: '2027-01-08', reason: 'x' }] },
        '2027-01-01T00:00:00Z',
      ),
    ).toBe('closed until 2027-01-11T19:00:00.000Z: freeze: x');
  });

  it('interrupts a window, and is told before it begins', () => {
    expect(told(frozen, '2026-06-01T19:00:00Z')).toBe('open until 2026-06-01T20:00:00.000Z');
    expect(told(frozen, '2026-06-01T20:30:00Z')).toBe('closed until 2026-06-01T21:00:00.000Z: freeze: audit');
  });

  it('closes an org that has no window', () => {
    const { window: _none, ...always } = frozen;
    expect(told(always, '2026-12-20T00:00:00Z')).toMatch(/^closed until 2027-01-06T23:00:00/);
    expect(told(always, '2026-06-01T20:00:00Z')).toMatch(/^closed until 2026-06-01T21:00:00/);
    expect(told(always, '2027-06-01T20:00:00Z')).toBe('open until ever');
  });

  it('that follows another is waited for too', () => {
    const freeze = [
      { from: '2026-06-01', to: '2026-06-03', reason: 'one' },
      { from: '2026-06-04', to: '2026-06-05 12:00', reason: 'two' },
    ];
    expect(told({ freeze }, '2026-06-02T00:00:00Z')).toBe(
      'closed until 2026-06-05T12:00:00.000Z: freeze: one',
    );
  });
});

const zones = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'UTC',
);
const clocks = fc
  .integer({ min: 0, max: 24 * 4 - 1 })
  .map((quarter) => `${two(Math.floor(quarter / 4))}:${two((quarter % 4) * 15)}`);
const windows = fc
  .record({ days: fc.uniqueArray(fc.constantFrom(...WEEKDAYS), { minLength: 1 }), from: clocks, to: clocks })
  .filter(({ from, to }) => from !== to);
const days = fc
  .integer({ min: 0, max: 60 })
  .map((day) => new Date(Date.UTC(2026, 2, 1 + day)).toISOString().slice(0, 10));
const freezes = fc
  .tuple(days, days)
  .map(([one, other]) => [one, other].toSorted())
  .map(([from = '', to = '']) => ({ from, to, reason: 'a reason' }));
/** Moments around the days when clocks change in Berlin and New York. */
const moments = fc
  .tuple(
    fc.constantFrom('2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01', '2026-04-05', '2026-10-04'),
    fc.integer({ min: -36 * 60, max: 36 * 60 }),
  )
  .map(([day, minutes]) => new Date(Date.parse(`${day}T04:00:00Z`) + minutes * MINUTE_MS));
const timesOf = fc.record({
  timeZone: zones,
  window: fc.array(windows, { minLength: 1, maxLength: 3 }),
  freeze: fc.array(freezes, { maxLength: 2 }),
});

describe('whatever the windows, the freezes and the clocks', () => {
  test('what is said to hold until a moment holds until then, and no longer', () => {
    fc.assert(
      fc.property(timesOf, moments, fc.double({ min: 0, max: 1, noNaN: true }), (times, now, part) => {
        const opening = openAt(times, now);
        if (opening.until === null) return opening.open;
        const between = new Date(now.getTime() + part * (opening.until.getTime() - 1 - now.getTime()));
        const kept = openAt(times, between);
        return (
          opening.until > now &&
          kept.open === opening.open &&
          kept.until?.getTime() === opening.until.getTime() &&
          openAt(times, opening.until).open !== opening.open
        );
      }),
      { numRuns: 150 },
    );
  });

  test('on days without a change of clocks, it is open when the clock on the wall says so', () => {
    const quiet = fc
      .integer({ min: 0, max: 20 * 24 * 60 })
      .map((minutes) => new Date(Date.parse('2026-06-02T00:00:00Z') + minutes * MINUTE_MS));
    fc.assert(
      fc.property(
        zones,
        fc.array(windows, { minLength: 1, maxLength: 3 }),
        quiet,
        (timeZone, window, now) => {
          const { day, clock } = wall(now, timeZone);
          const yesterday = WEEKDAYS[(WEEKDAYS.indexOf(day) + 6) % 7] ?? day;
          const expected = window.some(({ days: on, from, to }) =>
            from < to
              ? on.includes(day) && from <= clock && clock < to
              : (on.includes(day) && from <= clock) || (on.includes(yesterday) && clock < to),
          );
          return openAt({ timeZone, window }, now).open === expected;
        },
      ),
      { numRuns: 150 },
    );
  });

  test('every day from midnight to midnight is never closed', () => {
    fc.assert(
      fc.property(zones, moments, (timeZone, now) => openAt({ timeZone, window: [{}] }, now).open),
      { numRuns: 100 },
    );
  });

  test('a window is open as long as it says, give or take the hour of the clocks', () => {
    fc.assert(
      fc.property(zones, windows, moments, (timeZone, window, now) => {
        const times = { timeZone, window: [window] };
        const closed = openAt(times, now);
        const begin = closed.open ? null : closed.until;
        const end = begin === null ? null : openAt(times, begin).until;
        if (begin === null || end === null) return true;
        const lastsMs = (minutesOf(window.to) - minutesOf(window.from) + 24 * 60) % (24 * 60);
        return Math.abs(end.getTime() - begin.getTime() - lastsMs * MINUTE_MS) <= HOUR_MS;
      }),
      { numRuns: 100 },
    );
  });
});

function two(count: number): string {
  return String(count).padStart(2, '0');
}

function minutesOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}

function wall(now: Date, timeZone: string): { day: (typeof WEEKDAYS)[number]; clock: string } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const day = WEEKDAYS.find((name) => name === part('weekday').toLowerCase());
  if (day === undefined) throw new Error(`no weekday: ${part('weekday')}`);
  return { day, clock: `${part('hour')}:${part('minute')}` };
}

describe('the times of an org are refused at their place', () => {
  it.each([
    [
      'an unknown time zone',
      ['timeZone: Europe/Berln'],
      'f:3:15: unknown time zone "Europe/Berln"; did you mean "Europe/Berlin"?',
    ],
    ['a window without a time', ['window: []'], 'f:3:13: a window without a time never opens'],
    ['a window on no day', ['window: [{ days: [] }]'], 'f:3:22: a window on no day never opens'],
    [
      'a window that ends when it begins',
      ['window: [{ from: "20:00", to: "20:00" }]'],
      'f:3:35: a window from 20:00 to 20:00 never opens',
    ],
    [
      'a window that ends at midnight and begins there',
      ['window: [{ to: "00:00" }]'],
      'f:3:20: a window from 00:00 to 00:00 never opens',
    ],
    ['a time that is none', ['window: [{ from: "25:00" }]'], 'f:3:22: "25:00" is no time of day'],
    ['an hour alone', ['window: [{ from: "20", to: "6:00" }]'], 'f:3:32: "6:00" is no time of day'],
    [
      'a window from the end of a day',
      ['window: [{ from: "24:00", to: "06:00" }]'],
      'f:3:22: a window begins at 00:00',
    ],
    ['a day that is none', ['window: [{ days: [monday] }]'], 'f:3:23: '],
    [
      'a freeze that ends before it begins',
      ['freeze: [{ from: 2026-12-18, to: 2026-12-17, reason: x }]'],
      'f:3:38: the freeze ends before it begins (2026-12-18)',
    ],
    [
      'a freeze that takes no time',
      ['freeze: [{ from: 2026-12-18 08:00, to: 2026-12-18 08:00, reason: x }]'],
      'ends before it begins',
    ],
    [
      'a day that does not exist',
      ['freeze: [{ from: 2026-02-30, to: 2026-03-01, reason: x }]'],
      'f:3:22: "2026-02-30" is no date such as',
    ],
    [
      'a date with an offset',
      ['freeze: [{ from: 2026-02-01T00:00:00Z, to: 2026-03-01, reason: x }]'],
      'is no date such as',
    ],
    ['a freeze without a reason', ['freeze: [{ from: 2026-12-18, to: 2026-12-19 }]'], '"reason" is missing'],
    [
      'an unknown word for what is closed',
      ['closedTo: nobody'],
      'f:3:15: "closedTo" must be one of exclusive, all',
    ],
  ])('%s', (_what, lines, message) => {
    const text = ['orgs:', '  prod:', ...lines.map((line) => `    ${line}`)].join('\n');
    expect(() => parseConfiguration(text, 'f')).toThrow(message);
  });

  it('and taken as they are otherwise', () => {
    const text = `orgs:
  prod:
    timeZone: America/New_York
    closedTo: all
    window:
      - { days: [mon, fri], from: "20:00", to: "06:00" }
      - { days: [sat] }
    freeze:
      - { from: 2026-12-18 18:00, to: 2027-01-06, reason: Christmas }
`;
    expect(parseConfiguration(text, 'f').orgs['prod']).toMatchObject({
      closedTo: 'all',
      timeZone: 'America/New_York',
    });
  });
});
