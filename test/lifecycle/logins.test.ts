import { expect, test } from 'vitest';
import { proveLogins } from '../../scripts/logins/prove.ts';

test('work on one rotating login loses it to no kill, and no session to another that ends', async () => {
  const lines: string[] = [];
  const report = await proveLogins({ seed: 3, operations: 12, strikes: 4, say: (line) => lines.push(line) });
  expect(report, lines.join('\n')).toMatchObject({
    operations: 12,
    refusedRefreshes: 0,
    lostLogins: 0,
    loginsBeyondAttempts: 0,
    siblingsEnded: 0,
    unfinished: 0,
  });
  expect(report.kills.daemon + report.kills.workers).toBeGreaterThan(0);
}, 180_000);
