import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDue } from '../../../src/daemon/dispatch/due.ts';
import { at, freshStore, newOperation, operationId } from '../store/home.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('when the clock is set while an operation waits for its time', () => {
  test('forward over it, it is queued within half a minute', async () => {
    const { due, clock, state } = await waiting();
    clock.seconds = 3_700;
    await vi.advanceTimersByTimeAsync(30_000);
    await vi.waitFor(async () => expect(await state()).toBe('queued'));
    await due.stop();
  });

  test('back, it goes on waiting, and is queued when its time has come', async () => {
    const { due, clock, state } = await waiting();
    clock.seconds = -86_400;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await state()).toBe('scheduled');
    clock.seconds = 3_600;
    await vi.advanceTimersByTimeAsync(30_000);
    await vi.waitFor(async () => expect(await state()).toBe('queued'));
    await due.stop();
  });

  test('back, it is noticed once, and so is a start, before which nobody looked', async () => {
    const { due, clock, nextLook, setBack } = await waiting();
    expect(setBack).toEqual([true]);
    expect(await nextLook()).toBe(false);
    clock.seconds = -86_400;
    expect(await nextLook()).toBe(true);
    expect(await nextLook()).toBe(false);
    await due.stop();
  });

  test('back, what it left is mended to its end, page after page', async () => {
    const { due, clock, nextLook, pages, setBack } = await waiting();
    expect(await nextLook()).toBe(false);
    const before = setBack.length;
    pages.left = 2;
    clock.seconds = -86_400;
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(30_000);
      expect(setBack.length).toBeGreaterThan(before + 3);
    });
    expect(setBack.slice(before, before + 4)).toEqual([true, true, true, false]);
    await due.stop();
  });
});

/** An operation that is due an hour after the start. */
async function waiting() {
  const { store } = await freshStore();
  await store.accept(newOperation(1, { scheduledFor: at(3_600) }), null);
  const clock = { seconds: 0 };
  let looks = 0;
  const pages = { left: 0 };
  const setBack: boolean[] = [];
  const promoteDue: typeof store.promoteDue = async (now, back) => {
    setBack.push(back === true);
    const answer = await store.promoteDue(now, back);
    looks += 1;
    if (!back || pages.left === 0) return answer;
    pages.left -= 1;
    return { ...answer, nextAt: now };
  };
  const log = pino({ level: 'silent' });
  const due = createDue({
    store: { promoteDue, expireLocks: async () => ({ expired: 0, nextAt: null }) },
    freed: () => undefined,
    now: () => new Date(at(clock.seconds)),
    log,
  });
  due.start();
  await vi.waitFor(() => expect(looks).toBe(1));
  const nextLook = async () => {
    const before = setBack.length;
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(30_000);
      expect(setBack.length).toBeGreaterThan(before);
    });
    return setBack[before];
  };
  return {
    nextLook,
    pages,
    due,
    clock,
    setBack,
    state: async () => (await store.getOperation('default', operationId(1)))?.state,
  };
}
