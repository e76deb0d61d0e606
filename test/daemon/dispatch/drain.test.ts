import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { deployment, makeSetting, type Setting } from './setting.ts';

let setting: Setting;
let drained: number;

afterEach(async () => {
  await setting.remove();
});

async function start(concurrency = 2): Promise<Setting> {
  drained = 0;
  setting = await makeSetting({
    concurrency,
    onDrained: () => {
      drained += 1;
    },
  });
  await setting.dispatch.start();
  return setting;
}

describe('a drain', () => {
  test('starts nothing more, lets what runs end, and then says so', async () => {
    const { dispatch, enqueue, ended, heard, operation, store } = await start();
    const running = await enqueue({ act: 'obey' });
    await heard(running, 'listening');
    dispatch.drain.begin();
    const waiting = await enqueue({ act: 'succeed' });
    dispatch.wake();
    expect(drained).toBe(0);
    await store.requestCancel('default', running, null, new Date().toISOString());
    await ended(running);
    await until(async () => drained > 0);
    expect(await operation(waiting)).toMatchObject({ state: 'queued', attempt: 0 });
  });

  test('of a server where nothing runs is over at once', async () => {
    const { dispatch } = await start();
    dispatch.drain.begin();
    await until(async () => drained > 0);
    expect(dispatch.drain.active()).toBe(true);
  });

  test('does not wait for work that is to be tried again', async () => {
    const { dispatch, enqueue, events, operation } = await start();
    const id = await enqueue(deployment('send'), { task: 'salesforce.deploy' });
    await until(async () => (await events(id)).some(({ body }) => body.type === 'checkpoint'));
    dispatch.drain.begin();
    const open = (await setting.store.listOpenAttempts())[0];
    const worker = open?.workers.at(-1);
    if (worker !== undefined) process.kill(-worker.pid, 'SIGKILL');
    await until(async () => drained > 0);
    expect((await operation(id)).state).toBe('scheduled');
  });

  test('that is taken back starts what waits', async () => {
    const { dispatch, enqueue, ended, heard } = await start(1);
    const running = await enqueue({ act: 'obey' });
    await heard(running, 'listening');
    dispatch.drain.begin();
    const waiting = await enqueue({ act: 'succeed' });
    dispatch.drain.end();
    await setting.store.requestCancel('default', running, null, new Date().toISOString());
    expect(await ended(waiting)).toMatchObject({ state: 'succeeded' });
    expect(drained).toBe(0);
  });
});
