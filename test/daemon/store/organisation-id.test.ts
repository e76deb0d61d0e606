import { expect, test } from 'vitest';
import { longOrganisationId } from '../../../src/daemon/store/organisation-id.ts';

test.each([
  ['00D5g000004Cbyf', '00D5g000004CbyfEAC'],
  ['00D000000000062', '00D000000000062EAA'],
  ['00Dxx0000001gER', '00Dxx0000001gEREAY'],
  ['0019000000B98de', '0019000000B98deAAB'],
  ['a0D30000001n7Pi', 'a0D30000001n7PiEAI'],
])('%s in 18 characters is %s', (short, long) => {
  expect(longOrganisationId(short)).toBe(long);
  expect(longOrganisationId(long)).toBe(long);
});

test('ids that differ only in capitals stay different without them', () => {
  const [one, other] = ['00D5g000004Cbyf', '00D5g000004cBYF'].map(longOrganisationId);
  expect(one?.toLowerCase()).not.toBe(other?.toLowerCase());
});
