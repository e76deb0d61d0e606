import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newestTick, parseCron, type Timetable } from '../../src/config/cron.ts';

/** The ticks from one moment to another, by asking for the next one again and again. */
function ticks(timetable: Timetable, after: string, until: string): string[] {
  const found: string[] = [];
  let tick = timetable.next(new Date(after));
  while (tick !== null && tick <= new Date(until)) {
    found.push(tick.toISOString().slice(0, 19));
    tick = timetable.next(tick);
  }
  return found;
}

describe('in Europe/Berlin, on the day when clocks go from 2:00 to 3:00', () => {
  const [before, after] = ['2026-03-28T23:30:00Z', '2026-03-29T03:00:00Z'];

  test('a fixed time that is left out comes when the clocks have gone forward, once', () => {
    expect(ticks(parseCron('30 2 * * *', 'Europe/Berlin'), before, '2026-03-30T01:00:00Z')).toEqual([
      '2026-03-29T01:00:00',
      '2026-03-30T00:30:00',
    ]);
    expect(ticks(parseCron('30 2,14 * * *', 'Europe/Berlin'), before, '2026-03-29T20:00:00Z')).toEqual([
      '2026-03-29T01:00:00',
      '2026-03-29T12:30:00',
    ]);
  });

  test('what comes every half hour does so without a gap', () => {
    expect(ticks(parseCron('*/30 * * * *', 'Europe/Berlin'), before, after)).toEqual([
      '2026-03-29T00:00:00',
      '2026-03-29T00:30:00',
      '2026-03-29T01:00:00',
      '2026-03-29T01:30:00',
      '2026-03-29T02:00:00',
      '2026-03-29T02:30:00',
      '2026-03-29T03:00:00',
    ]);
  });
});

describe('in Europe/Berlin, on the day when clocks go from 3:00 back to 2:00', () => {
  const [before, after] = ['2026-10-24T23:45:00Z', '2026-10-25T02:00:00Z'];

  test('a fixed time comes once, at the first of the two', () => {
    expect(ticks(parseCron('30 2 * * *', 'Europe/Berlin'), before, '2026-10-26T02:00:00Z')).toEqual([
      '2026-10-25T00:30:00',
      '2026-10-26T01:30:00',
    ]);
  });

  test('and not again for one who asks between the two', () => {
    const timetable = parseCron('30 2 * * *', 'Europe/Berlin');
    expect(newestTick(timetable, new Date('2026-10-25T00:30:00Z'), new Date('2026-10-25T22:00:00Z'))).toBe(
      null,
    );
  });

  test('what comes every half hour does so in both hours', () => {
    expect(ticks(parseCron('*/30 * * * *', 'Europe/Berlin'), before, after)).toEqual([
      '2026-10-25T00:00:00',
      '2026-10-25T00:30:00',
      '2026-10-25T01:00:00',
      '2026-10-25T01:30:00',
      '2026-10-25T02:00:00',
    ]);
  });
});

describe('an expression', () => {
  test.each([
    ['30 2 * * *', 'UTC', '2026-01-01T02:30:00'],
    ['15 30 2 * * *', 'UTC', '2026-01-01T02:30:15'],
    ['@daily', 'UTC', '2026-01-02T00:00:00'],
    ['0 6 * * MON-FRI', 'America/New_York', '2026-01-01T11:00:00'],
    ['0 0 29 2 *', 'UTC', '2028-02-29T00:00:00'],
  ])('%s in %s comes next at %s', (cron, timeZone, next) => {
    const tick = parseCron(cron, timeZone).next(new Date('2026-01-01T00:00:00Z'));
    expect(tick?.toISOString()).toBe(`${next}.000Z`);
  });

  test.each([
    ['every day', 'UTC', /"every day" is no cron expression/],
    ['61 * * * *', 'UTC', /"61 \* \* \* \*" is no cron expression: .*minute/],
    ['* * * *', 'UTC', /is no cron expression/],
    ['0 0 0 1 1 * 2020', 'UTC', /is no cron expression/],
    ['2027-01-01T00:00:00', 'UTC', /it is a date/],
    ['0 0 30 2 *', 'UTC', /"0 0 30 2 \*" never comes/],
    ['0 0 * * *', 'Europe/Berlinn', /there is no time zone "Europe\/Berlinn"/],
  ])('%s in %s is refused', (cron, timeZone, message) => {
    expect(() => parseCron(cron, timeZone)).toThrow(message);
  });
});

test('the newest tick is the last of all that come, whatever lies between', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'];
  const crons = [
    '30 2 * * *',
    '*/7 * * * *',
    '0 2-3 * * *',
    '5,35 1,2 * * *',
    '0 0 * * SUN',
    '10 */11 * * *',
  ];
  const year = Date.parse('2026-01-01T00:00:00Z');
  const minute = 60_000;
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...crons),
      fc.integer({ min: 0, max: 365 * 24 * 60 }),
      fc.integer({ min: 0, max: 3 * 24 * 60 }),
      (timeZone, cron, start, length) => {
        const timetable = parseCron(cron, timeZone);
        const [after, until] = [new Date(year + start * minute), new Date(year + (start + length) * minute)];
        const all = ticks(timetable, after.toISOString(), until.toISOString());
        expect(newestTick(timetable, after, until)?.toISOString().slice(0, 19)).toBe(all.at(-1));
      },
    ),
    { numRuns: 60 },
  );
});

test('the newest of seven years of missed seconds is found', () => {
  const until = new Date('2033-01-01T00:00:00.500Z');
  const tick = newestTick(parseCron('* * * * * *', 'UTC'), new Date('2026-01-01T00:00:00Z'), until);
  expect(tick?.toISOString()).toBe('2033-01-01T00:00:00.000Z');
});
