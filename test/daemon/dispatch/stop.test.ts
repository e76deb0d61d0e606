import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { deployment, makeSetting, type Setting } from './setting.ts';

let setting: Setting;

afterEach(async () => {
  await setting.remove();
});

describe('a stop', () => {
  test('sends work that can go on later back to the queue', async () => {
    setting = await makeSetting({ limits: { shutdownGraceMs: 50, terminateGraceMs: 50 } });
    const { dispatch, enqueue, events, heard, operation } = setting;
    await dispatch.start();
    const query = await enqueue({ act: 'obey' });
    const deploy = await enqueue(deployment('send'), { task: 'salesforce.deploy', maxAttempts: 1 });
    await heard(query, 'listening');
    await until(async () => (await events(deploy)).some(({ body }) => body.type === 'checkpoint'));
    await dispatch.stop();
    for (const id of [query, deploy]) {
      expect(await operation(id)).toMatchObject({ state: 'queued', attempt: 1, error: null });
    }
  });

  test('lets a worker leave without an outcome', async () => {
    setting = await makeSetting();
    const { dispatch, enqueue, operation } = setting;
    await dispatch.start();
    const id = await enqueue({ act: 'leave' });
    await until(async () => (await operation(id)).state === 'running');
    await dispatch.stop();
    expect((await operation(id)).state).toBe('queued');
  });

  test('claims nothing more, and may be asked for twice', async () => {
    setting = await makeSetting({ concurrency: 1 });
    const { dispatch, enqueue, operation } = setting;
    await dispatch.start();
    await dispatch.stop();
    await dispatch.stop();
    const id = await enqueue({ act: 'succeed' });
    dispatch.wake();
    expect((await operation(id)).state).toBe('queued');
  });
});
