import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { pathsOf } from '../../../src/config/paths.ts';
import { AppError } from '../../../src/contract/errors.ts';
import { createIsolation } from '../../../src/daemon/dispatch/isolation.ts';
import { readStat } from '../../../src/daemon/dispatch/processes.ts';
import { until } from '../../support/until.ts';
import { deployment, makeHome, makeSetting, type Setting, type SettingOptions } from './setting.ts';

let setting: Setting | null = null;

afterEach(async () => {
  await setting?.remove();
  setting = null;
});

async function start(options: SettingOptions): Promise<Setting> {
  setting = await makeSetting(options);
  await setting.dispatch.start();
  return setting;
}

const missing = new AppError('isolation-missing', 'This machine lacks: sandbox (it is not installed).');
const refusing = {
  demand: async () => {
    throw missing;
  },
};

describe('a worker that may start programs', () => {
  test('takes everything that it started with it, also what left its session and its environment', async () => {
    const { enqueue, heard } = await start({});
    const id = await enqueue(deployment('deployAtOnce', 'escape'), {
      task: 'salesforce.deploy',
      maxAttempts: 1,
    });
    const pid = Number((await heard(id, /^escaped \d+/)).split(' ')[1]);
    expect(pid).toBeGreaterThan(0);
    await setting?.ended(id);
    expect(readStat(pid)?.ended ?? true).toBe(true);
  });

  test('is not started where isolation is required and a part of it is missing, and the operation says which', async () => {
    const { enqueue, ended } = await start({ isolation: 'required', machine: refusing });
    const id = await enqueue(deployment('deployAtOnce'), { task: 'salesforce.deploy' });
    expect(await ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'isolation-missing', message: missing.message, retryable: false },
    });
  });

  test('is another one than the worker of a task, which runs all the same', async () => {
    const { enqueue, ended } = await start({ isolation: 'required', machine: refusing });
    expect(await ended(await enqueue({ act: 'succeed' }))).toMatchObject({ state: 'succeeded' });
  });
});

describe('what a machine isolates', () => {
  test('is not known before somebody has looked, and all of it on the machine that runs these tests', async () => {
    const paths = pathsOf(makeHome());
    const isolation = createIsolation({ paths, configuration: () => ({ isolation: 'required' }) });
    expect(await isolation.report()).toEqual({ wanted: 'required', parts: [] });
    isolation.look();
    const { parts } = await isolation.report();
    expect(parts.map(({ part, detail }) => `${part}: ${detail}`)).toEqual([
      'sandbox: ',
      'processes: ',
      'memory: ',
      'limits: ',
    ]);
    expect(await isolation.demand()).toMatch(/\/bwrap$/);
    await until(() => isolation.group('w_1.command', { processes: 10, memoryBytes: 1_000_000 }) !== null);
    await isolation.close();
    rmSync(paths.home, { recursive: true, force: true });
  });
});
