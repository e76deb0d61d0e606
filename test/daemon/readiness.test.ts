import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReadiness } from '../../src/daemon/readiness.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('a store that answers again is ready soon, also after the clock was set back', async () => {
  let broken = true;
  const readiness = createReadiness({
    home: tmpdir(),
    busyWith: () => null,
    checkStore: async () => {
      if (broken) throw new Error('The disk is full.');
    },
    checkVault: async () => undefined,
    log: pino({ level: 'silent' }),
  });
  const store = async () => (await readiness()).checks.find(({ name }) => name === 'store')?.ok;
  expect(await store()).toBe(false);
  broken = false;
  expect(await store()).toBe(false);
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(2_000);
  expect(await store()).toBe(true);
});
