import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/daemon/store/port.ts';
import { until } from '../../support/until.ts';
import { makeSetting, type Setting, type SettingOptions } from './setting.ts';

let setting: Setting;
afterEach(async () => {
  await setting.remove();
});

async function start(options: SettingOptions = {}): Promise<Setting> {
  setting = await makeSetting({ standby: 2, ...options });
  await setting.dispatch.start();
  return setting;
}

/** Processes that wait for work in this home, by their pid. */
function waiting(): readonly number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    const environment = environmentOf(pid);
    return (
      environment.includes(`HOME=${setting.paths.work}/`) && /SFP_WORKER=w_\w+:standby/.test(environment)
    );
  });
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

async function untilWaiting(count: number, without: readonly number[] = []): Promise<readonly number[]> {
  await until(
    () => waiting().length === count && !waiting().some((pid) => without.includes(pid)),
    () => `waiting: ${waiting()}`,
  );
  return waiting();
}

async function pidOf(id: string): Promise<number> {
  const { result } = await setting.ended(id);
  return (result as { records: { pid: number }[] }).records[0]?.pid ?? 0;
}

describe('a worker that waits for work', () => {
  test('is used for one operation and never again, and another takes its place', async () => {
    const { enqueue, paths } = await start();
    const first = await untilWaiting(2);
    await until(() => readdirSync(paths.work).length === 2);
    const used: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await untilWaiting(2, used);
      used.push(await pidOf(await enqueue({ act: 'echo' })));
    }
    expect(new Set(used).size).toBe(4);
    expect(used.some((pid) => first.includes(pid))).toBe(true);
    const left = await untilWaiting(2, used);
    await until(() => readdirSync(paths.work).length === left.length);
  });

  test('is recorded in the same commit as the claim, so that nothing else is written before it is told', async () => {
    const told: string[] = [];
    const wrap = (store: Store): Store => ({
      ...store,
      recordWorker(...request) {
        told.push(request[0]);
        return store.recordWorker(...request);
      },
    });
    const { enqueue, ended, store, workspace, heard } = await start({ wrap });
    await until(async () => {
      const id = await enqueue({ act: 'obey' });
      await heard(id, 'listening');
      const open = await store.listOpenAttempts();
      const [worker] = open[0]?.workers ?? [];
      expect(await workspace(id)).toContain(worker?.marker.split(':')[0] ?? 'none');
      await store.requestCancel('default', id, null, new Date().toISOString());
      expect((await ended(id)).state).toBe('cancelled');
      return worker?.marker.endsWith(':standby') === true && !told.includes(id);
    });
  });

  test('may do no more than one that is forked for its work', async () => {
    const { enqueue, paths, ended } = await start();
    await untilWaiting(2);
    const id = await enqueue({ act: 'snoop', files: [paths.database, '/etc/shadow'] });
    expect((await ended(id)).result).toMatchObject({
      records: [
        { code: 'ERR_ACCESS_DENIED' },
        { code: 'ERR_ACCESS_DENIED' },
        { code: 'allowed' },
        { code: 'ERR_ACCESS_DENIED' },
      ],
    });
  });

  test('costs nothing when it is killed: its place is taken again, and work goes on', async () => {
    const { enqueue, ended } = await start();
    const killed = await untilWaiting(2);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const ids = [await enqueue({ act: 'succeed' }), await enqueue({ act: 'succeed' })];
    for (const id of ids) expect(await ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    await untilWaiting(2, killed);
  });

  test('is none of many when more work comes than there are: the others are forked then', async () => {
    const { enqueue } = await start({ concurrency: 6 });
    await untilWaiting(2);
    const ids = await Promise.all(Array.from({ length: 6 }, () => enqueue({ act: 'echo' })));
    const pids = await Promise.all(ids.map(pidOf));
    expect(new Set(pids).size).toBe(6);
    await untilWaiting(2, pids);
  });

  test('that dies while a claim names it costs no attempt: another is forked for the work', async () => {
    let struck = 0;
    const wrap = (store: Store): Store => ({
      ...store,
      async claim(now, rules, worker) {
        const claim = await store.claim(now, rules, worker);
        if (claim !== null && worker != null && struck === 0) {
          struck = worker.pid;
          process.kill(-worker.pid, 'SIGKILL');
          await until(() => !waiting().includes(struck));
        }
        return claim;
      },
    });
    const { enqueue, ended } = await start({ wrap });
    await until(async () => {
      const operation = await ended(await enqueue({ act: 'echo' }));
      expect(operation).toMatchObject({ state: 'succeeded', attempt: 1 });
      return struck > 0;
    });
  });

  test('is not used after a claim whose answer was lost, and the operation is done by another', async () => {
    let lost: string | undefined;
    const wrap = (store: Store): Store => ({
      ...store,
      async claim(...request) {
        const claim = await store.claim(...request);
        if (claim === null || lost !== undefined || request[2] == null) return claim;
        lost = request[2].marker;
        throw new Error('the answer was lost');
      },
    });
    const { enqueue, ended } = await start({ wrap });
    await untilWaiting(2);
    await until(async () => {
      const id = await enqueue({ act: 'echo' });
      const { result } = await ended(id);
      const [record] = (result as { records: { environment: Record<string, string> }[] }).records;
      expect(record?.environment['SFP_WORKER']).not.toBe(lost);
      return lost !== undefined;
    });
  });
});

describe('a stop', () => {
  test('ends all that wait and leaves none of their workspaces', async () => {
    const { dispatch, paths } = await start();
    await untilWaiting(2);
    await dispatch.stop();
    expect(waiting()).toEqual([]);
    expect(readdirSync(paths.work)).toEqual([]);
  });

  test('also ends those that are just being forked', async () => {
    const { dispatch, paths } = await start();
    await dispatch.stop();
    expect(waiting()).toEqual([]);
    expect(readdirSync(paths.work)).toEqual([]);
  });
});

test('with standby: 0 none waits', async () => {
  const { enqueue, ended } = await start({ standby: 0 });
  expect((await ended(await enqueue({ act: 'succeed' }))).state).toBe('succeeded');
  expect(waiting()).toEqual([]);
});

test('a home whose work directory vanished gets it back with the next worker', async () => {
  const { enqueue, ended, paths } = await start({ standby: 0 });
  rmSync(paths.work, { recursive: true });
  expect((await ended(await enqueue({ act: 'succeed' }))).state).toBe('succeeded');
});
