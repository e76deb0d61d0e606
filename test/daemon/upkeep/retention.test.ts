import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../../src/contract/errors.ts';
import { DEFAULT_RETENTION } from '../../../src/contract/retention.ts';
import { keepLogs } from '../../../src/daemon/upkeep/keep-logs.ts';
import { createRetentionSweeps } from '../../../src/daemon/upkeep/retention.ts';
import { until } from '../../support/until.ts';
import { QUIET } from '../dispatch/setting.ts';
import { at, freshStore, newOperation, operationId } from '../store/home.ts';

const LIMITS = { days: 2, atMostMegabytes: 1 };
const DAY_MS = 86_400_000;
const NOW = new Date('2026-06-01T12:00:00.000Z');

describe('sweeps', () => {
  test('remove what is over at the start, and go on after an error', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2));
    await store.settle(operationId(1), 1, { to: 'cancelled', result: null }, at(3));
    let failures = 1;
    const sweeps = createRetentionSweeps({
      store: {
        ...store,
        async pruneEvents(plan) {
          failures -= 1;
          if (failures >= 0) throw new AppError('store-unavailable', 'The disk is full.');
          return store.pruneEvents(plan);
        },
      },
      limits: () => DEFAULT_RETENTION,
      keepLogs: async () => undefined,
      keepArtifacts: async () => undefined,
      log: QUIET,
      now: () => new Date(at(100 * 86_400)),
      everyMs: 10,
    });
    sweeps.start();
    await until(async () => (await store.getOperation('default', operationId(1))) === null);
    await sweeps.stop();
    await sweeps.stop();
    expect(await store.prunedUpTo()).toBe(3);
  });
});

describe('the log of the daemon', () => {
  test('is laid aside when it is large, whole, and goes on in the same open file', async () => {
    const logs = directory();
    const text = 'a line\n'.repeat(20_000);
    writeFileSync(join(logs, 'daemon.log'), text);
    await keepLogs(logs, LIMITS, NOW);
    appendFileSync(join(logs, 'daemon.log'), 'later\n');
    const [aside] = readdirSync(logs).filter((name) => name !== 'daemon.log');
    expect(readFileSync(join(logs, aside ?? ''), 'utf8')).toBe(text);
    expect(readFileSync(join(logs, 'daemon.log'), 'utf8')).toBe('later\n');
  });

  test('stays where it is while it is small and young', async () => {
    const logs = directory();
    writeFileSync(join(logs, 'daemon.log'), 'a line\n');
    await keepLogs(logs, LIMITS, new Date());
    expect(readdirSync(logs)).toEqual(['daemon.log']);
  });

  test('goes after its days, and the oldest above the size', async () => {
    const logs = directory();
    const lay = (name: string, daysAgo: number, bytes: number) => {
      writeFileSync(join(logs, name), 'x'.repeat(bytes));
      const then = new Date(NOW.getTime() - daysAgo * DAY_MS);
      utimesSync(join(logs, name), then, then);
    };
    lay('daemon.log.1', 3, 10);
    lay('daemon.log.2', 1, 700_000);
    lay('daemon.log.3', 0.5, 700_000);
    lay('access.log', 3, 10);
    await keepLogs(logs, LIMITS, NOW);
    expect(readdirSync(logs).toSorted()).toEqual(['access.log', 'daemon.log.3']);
  });
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'sfp-logs-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
