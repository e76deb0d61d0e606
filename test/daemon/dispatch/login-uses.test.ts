import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLoginUses } from '../../../src/daemon/dispatch/login-uses.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('the use of a login is noted every ten seconds, also after the clock was set back', () => {
  let noted = 0;
  const used = createLoginUses({
    store: {
      noteLogin: async () => {
        noted += 1;
      },
    },
    now: () => new Date(),
    log: pino({ level: 'silent' }),
  });
  const use = () => {
    used('default', 'uat');
    return noted;
  };
  expect([use(), use()]).toEqual([1, 1]);
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(9_999);
  expect(use()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(use()).toBe(2);
});
