import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReconcile } from '../../../src/daemon/dispatch/reconcile.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { until } from '../../support/until.ts';
import { at, ID, running } from '../store/home.ts';

const LOOK_MS = 5_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function start(store: Store, runs: boolean) {
  const [cancelled, woken] = [vi.fn(), vi.fn()];
  const reconcile = createReconcile({
    store,
    runs: () => runs,
    cancel: cancelled,
    wake: woken,
    now: () => new Date(at(60)),
    log: pino({ level: 'silent' }),
  });
  reconcile.start();
  const look = async () => {
    const before = woken.mock.calls.length;
    vi.advanceTimersByTime(LOOK_MS);
    await until(() => woken.mock.calls.length > before);
  };
  return { reconcile, cancelled, look };
}

test('an operation that was claimed and that nobody runs is queued again at the second look', async () => {
  const store = await running();
  const { reconcile, look } = start(store, false);
  await look();
  expect((await store.getOperation('default', ID))?.state).toBe('running');
  await look();
  expect(await store.getOperation('default', ID)).toMatchObject({ state: 'queued', attempt: 1 });
  await reconcile.stop();
});

test('an operation that runs is left alone, and hears of a cancel that nobody told it of', async () => {
  const store = await running();
  const { reconcile, cancelled, look } = start(store, true);
  await look();
  expect(cancelled).not.toHaveBeenCalled();
  await store.requestCancel('default', ID, null, at(61));
  await look();
  expect(cancelled).toHaveBeenCalledWith(ID);
  expect((await store.getOperation('default', ID))?.state).toBe('running');
  await reconcile.stop();
});
