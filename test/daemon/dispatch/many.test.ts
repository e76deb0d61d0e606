import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../src/contract/errors.ts';
import { FINAL_STATES } from '../../../src/contract/operation.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { until } from '../../support/until.ts';
import { fastClock, makeSetting, type Setting, TENANT } from './setting.ts';

let setting: Setting;

afterEach(async () => {
  await setting.remove();
});

describe('many operations', () => {
  test('with failures, lost workers, time-outs and cancels all end, never more at once than allowed', async () => {
    const limits = { cancelGraceMs: 50, terminateGraceMs: 50 };
    setting = await makeSetting({ concurrency: 3, now: fastClock(), limits });
    const { dispatch, store } = setting;
    const peak = watchPeak(store);
    await dispatch.start();
    const ids = await enqueueMany(setting, 60);
    await until(async () => (await stateCounts(store)).open === 0, undefined, 55_000);
    expect(await store.counts(null)).toEqual({ scheduled: 0, queued: 0, running: 0 });
    expect(peak()).toBe(3);
    for (const [act, state] of [
      ['succeed', 'succeeded'],
      ['stumble', 'succeeded'],
      ['fail', 'succeeded'],
      ['die', 'failed'],
    ] as const) {
      const one = await setting.operation(ids.find(([name]) => name === act)?.[1] ?? '');
      expect([act, one.state]).toEqual([act, state]);
    }
  });

  test('go on after the store refused a claim', async () => {
    let refusals = 2;
    const wrap = (store: Store): Store => ({
      ...store,
      claim(...request) {
        refusals -= 1;
        return refusals >= 0 ? Promise.reject(diskFull()) : store.claim(...request);
      },
    });
    setting = await makeSetting({ wrap });
    await setting.dispatch.start();
    expect((await setting.ended(await setting.enqueue({ act: 'succeed' }))).state).toBe('succeeded');
    expect(refusals).toBeLessThan(0);
  });

  test('end although the store refused their end at first', async () => {
    let refusals = 2;
    const wrap = (store: Store): Store => ({
      ...store,
      settle(...request) {
        refusals -= 1;
        return refusals >= 0 ? Promise.reject(diskFull()) : store.settle(...request);
      },
    });
    setting = await makeSetting({ wrap });
    await setting.dispatch.start();
    expect((await setting.ended(await setting.enqueue({ act: 'succeed' }))).state).toBe('succeeded');
  });

  test('that were waiting before the start are run', async () => {
    setting = await makeSetting({ concurrency: 1 });
    const ids = [
      await setting.enqueue({ act: 'succeed' }),
      await setting.enqueue({ act: 'succeed' }, { scheduledFor: new Date(Date.now() + 300).toISOString() }),
    ];
    await setting.dispatch.start();
    for (const id of ids) expect((await setting.ended(id)).state).toBe('succeeded');
  });
});

/** As the store says it. */
const diskFull = () => new AppError('store-unavailable', 'The database could not be written: disk full.');

const ACTS: readonly Record<string, unknown>[] = [
  { act: 'succeed' },
  { act: 'stumble', falls: 1 },
  { act: 'fail', failures: 1, code: 'org-unreachable' },
  { act: 'obey' },
  { act: 'die' },
  { act: 'hang' },
];

async function enqueueMany({ enqueue, store }: Setting, count: number): Promise<[string, string][]> {
  const ids: [string, string][] = [];
  for (let index = 0; index < count; index += 1) {
    const input = ACTS[index % ACTS.length] ?? {};
    const endless = input['act'] === 'obey' || input['act'] === 'hang';
    const id = await enqueue(input, endless ? { timeoutSeconds: 1 } : {});
    // Some of the endless ones are cancelled, queued or running, the others run into their time-out.
    if (endless && index % 4 !== 3) await store.requestCancel(TENANT, id, null, new Date().toISOString());
    ids.push([String(input['act']), id]);
  }
  return ids;
}

function watchPeak(store: Store): () => number {
  const running = new Set<string>();
  let peak = 0;
  store.onCommitted((events) => {
    for (const { body, operation } of events) {
      if (body.type !== 'state') continue;
      if (body.to === 'running') running.add(operation);
      else running.delete(operation);
      peak = Math.max(peak, running.size);
    }
  });
  return () => peak;
}

async function stateCounts(store: Store): Promise<{ open: number }> {
  const { items } = await store.listOperations({
    tenant: TENANT,
    states: null,
    org: null,
    task: null,
    label: null,
    limit: 200,
    cursor: null,
  });
  return { open: items.filter(({ state }) => !FINAL_STATES.includes(state)).length };
}
