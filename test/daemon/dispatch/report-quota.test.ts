import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReportQuota } from '../../../src/daemon/dispatch/report-quota.ts';
import type { StoredReport } from '../../../src/daemon/store/port.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const PROGRESS: StoredReport = {
  type: 'progress',
  progress: { done: 1, total: 2, unit: 'files', message: '' },
};

test('progress above its share is kept every ten seconds, also after the clock was set back', () => {
  const quota = createReportQuota({ logLines: 1, steps: 1, progress: 0 });
  const kept = () => quota.keep([PROGRESS]).length;
  expect([kept(), kept()]).toEqual([1, 0]);
  vi.setSystemTime(Date.now() - 3_600_000);
  vi.advanceTimersByTime(9_999);
  expect(kept()).toBe(0);
  vi.advanceTimersByTime(1);
  expect([kept(), kept()]).toEqual([1, 0]);
});
