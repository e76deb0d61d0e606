import { expect, test } from 'vitest';
import { longOrganisationId } from '../../../src/daemon/operations/organisation-id.ts';

test.each([
  ['00D5g000004Cbyf', '00D5g000004CbyfEAC'],
  ['00D000000000062', '00D000000000062EAA'],
  ['00Dxx0000001gER', '00Dxx0000001gEREAY'],
])('%s in 18 characters is %s', (short, long) => {
  expect(longOrganisationId(short)).toBe(long);
  expect(longOrganisationId(long)).toBe(long);
});

test('ids that differ only in capitals stay different without them', () => {
  const [one, other] = ['00D5g000004Cbyf', '00D5g000004cBYF'].map(longOrganisationId);
  expect(one?.toLowerCase()).not.toBe(other?.toLowerCase());
});
