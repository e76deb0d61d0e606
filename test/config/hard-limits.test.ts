import { expect, test } from 'vitest';
import { withinHardLimits } from '../../src/config/hard-limits.ts';
import { DEFAULT_PROGRAM_LIMITS } from '../../src/contract/program-limits.ts';

const limits = (files: string) => `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max file size             unlimited            10485760             bytes
Max open files            1024                 ${files}                 files
`;

test('a program is given no more than its server may give', () => {
  expect(withinHardLimits(DEFAULT_PROGRAM_LIMITS, limits('1024'))).toEqual({
    ...DEFAULT_PROGRAM_LIMITS,
    openFiles: 1_024,
    fileMegabytes: 10,
  });
  expect(withinHardLimits(DEFAULT_PROGRAM_LIMITS, limits('524288')).openFiles).toBe(4_096);
  expect(withinHardLimits(DEFAULT_PROGRAM_LIMITS, '')).toEqual(DEFAULT_PROGRAM_LIMITS);
});
