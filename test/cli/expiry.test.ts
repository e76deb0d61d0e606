import { describe, expect, it } from 'vitest';
import { expiryOf } from '../../src/cli/expiry.ts';

const now = new Date('2026-11-23T12:00:00.000Z');

describe('the end of a token', () => {
  it('is a number of days, a date, a time, or never', () => {
    expect(expiryOf('90', now)).toBe('2027-02-21T12:00:00.000Z');
    expect(expiryOf('2027-01-01', now)).toBe('2027-01-01T00:00:00.000Z');
    expect(expiryOf('2027-01-01T00:00:00+02:00', now)).toBe('2026-12-31T22:00:00.000Z');
    expect(expiryOf('never', now)).toBeNull();
  });

  it.each([
    '0',
    '-1',
    '3651',
    '99999',
    '',
    'soon',
    '2026-11-23',
    '2026-11-23T11:59:59Z',
    '2027-13-01',
    '1.5',
  ])('is not: %s', (text) => {
    expect(() => expiryOf(text, now)).toThrow('is no time in the future');
  });
});
