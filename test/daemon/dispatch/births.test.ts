import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Births, mayBeBornBetween, readBirths } from '../../../src/daemon/dispatch/births.ts';

const at = (lastPid: number, started: number): Births => ({ lastPid, started, pidMax: 32_768 });

test.each([
  ['one that is older is out of the question', 900, at(1_000, 5_000), at(1_100, 5_100), false],
  ['one that was born just before is out of the question', 1_000, at(1_000, 5_000), at(1_100, 5_100), false],
  ['one that was born in between may be one', 1_001, at(1_000, 5_000), at(1_100, 5_100), true],
  [
    'one that was born after the look is out of the question',
    1_101,
    at(1_000, 5_000),
    at(1_100, 5_100),
    false,
  ],
  ['where the numbers began again, a high one may be one', 32_700, at(32_600, 5_000), at(400, 5_300), true],
  ['where the numbers began again, a low one may be one', 310, at(32_600, 5_000), at(400, 5_300), true],
  ['where the numbers began again, one between is older', 20_000, at(32_600, 5_000), at(400, 5_300), false],
  ['nearly once around, when many numbers were in use', 20_000, at(1_000, 5_000), at(900, 33_500), true],
  ['once around, everyone may be one', 900, at(1_000, 5_000), at(1_100, 40_000), true],
  ['where the system says nothing, everyone may be one', 900, null, null, true],
])('%s', (_what, pid, before, now, expected) => {
  expect(mayBeBornBetween(pid, before, now)).toBe(expected);
});

test('the system says which process it started last', () => {
  const before = readBirths();
  const { pid } = spawnSync('true');
  const now = readBirths();
  expect(before).not.toBeNull();
  expect(mayBeBornBetween(pid, before, now)).toBe(true);
  expect(mayBeBornBetween(process.pid, before, now)).toBe(false);
});
