import { expect, test } from 'vitest';
import { DEFAULT_PROGRAM_LIMITS } from '../../../src/contract/program-limits.ts';
import { DEFAULT_SANDBOX_LIMITS, withinMachine } from '../../../src/worker/sandbox/place.ts';

const machine = { bubblewrap: null, marker: 'w_1:command', environment: {} };

test('a program may use what the owner of the machine allows, whatever its task asks for', () => {
  const allowed = { ...DEFAULT_PROGRAM_LIMITS, outputMegabytes: 1 };
  const limits = withinMachine(
    { ...DEFAULT_SANDBOX_LIMITS, diskBytes: 5_000 },
    { ...machine, limits: allowed },
  );
  expect(limits).toMatchObject({
    diskBytes: 5_000,
    outputBytes: 1024 * 1024,
    openFiles: 4_096,
    timeMs: 3_600_000,
  });
});

test('without a word of the owner the defaults hold', () => {
  expect(withinMachine(DEFAULT_SANDBOX_LIMITS, machine)).toMatchObject({
    temporaryBytes: 512 * 1024 * 1024,
    fileBytes: 1024 * 1024 * 1024,
    cpuSeconds: 7_200,
  });
});
