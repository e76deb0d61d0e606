import { readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { KEPT_OF_WORKER } from '../../../src/contract/limits.ts';
import type { Operation } from '../../../src/contract/operation.ts';
import { findStrays } from '../../../src/daemon/dispatch/strays.ts';
import { fixtureWorker } from '../../support/fixture-worker.ts';
import { until } from '../../support/until.ts';
import {
  deployment,
  fastClock,
  makeSetting,
  newOperation,
  type Setting,
  type SettingOptions,
} from './setting.ts';

let setting: Setting;

async function start(options: SettingOptions = {}): Promise<Setting> {
  setting = await makeSetting(options);
  await setting.dispatch.start();
  return setting;
}

afterEach(async () => {
  await setting.remove();
});

function records(operation: Operation): Record<string, unknown>[] {
  return (operation.result as { records: Record<string, unknown>[] }).records;
}

describe('an operation that was accepted', () => {
  test('is run by a worker, reports progress and ends with its result', async () => {
    const { ended, enqueue, events } = await start();
    const id = await enqueue({ act: 'succeed', steps: 3 });
    const operation = await ended(id);
    expect(operation).toMatchObject({ state: 'succeeded', attempt: 1, progress: { done: 3, total: 3 } });
    const types = (await events(id)).map(({ body }) => body.type);
    expect(types.slice(-4)).toEqual(['progress', 'progress', 'progress', 'state']);
  });

  test('runs in a process, a working directory and an environment of its own', async () => {
    process.env['SFP_TEST_LEAK'] = 'must not be handed down';
    const { ended, enqueue, paths } = await start();
    const ids = [await enqueue({ act: 'echo' }, { org: 'uat' }), await enqueue({ act: 'echo' })];
    const [first, second] = await Promise.all(ids.map(async (id) => records(await ended(id))[0]));
    delete process.env['SFP_TEST_LEAK'];
    expect(first?.['pid']).not.toBe(second?.['pid']);
    const workspace = dirname(String(first?.['directory']));
    expect(dirname(workspace)).toBe(paths.work);
    expect(second?.['assignment']).not.toMatchObject({ workspace });
    expect(basename(String(first?.['directory']))).toBe('task');
    expect(first?.['environment']).toMatchObject({
      HOME: join(workspace, 'task', 'home'),
      TMPDIR: join(workspace, 'task', 'tmp'),
      SFP_WORKER: `${basename(workspace)}:task`,
    });
    expect(first?.['environment']).not.toHaveProperty('SFP_TEST_LEAK');
    expect(first?.['assignment']).toMatchObject({
      org: { alias: 'uat', account: 'org/default/uat' },
      source: null,
      checkpoint: null,
      workspace,
    });
  });

  test('leaves no workspace behind when it has ended', async () => {
    const { ended, enqueue, paths } = await start();
    await ended(await enqueue({ act: 'succeed' }));
    await ended(await enqueue({ act: 'die' }, { maxAttempts: 1 }));
    expect(readdirSync(paths.work)).toEqual([]);
  });

  test('may read neither the control key nor the database, nor start a process', async () => {
    const { ended, enqueue, paths } = await start();
    writeFileSync(paths.controlKey, 'the key of the machine');
    const id = await enqueue({ act: 'snoop', files: [paths.controlKey, paths.database, '/etc/shadow'] });
    expect(records(await ended(id)).map(({ code }) => code)).toEqual([
      'ERR_ACCESS_DENIED',
      'ERR_ACCESS_DENIED',
      'ERR_ACCESS_DENIED',
      'allowed',
      'ERR_ACCESS_DENIED',
    ]);
  });

  test('has what its worker printed in its log, without what looks like a credential', async () => {
    const { ended, enqueue, logs } = await start();
    const id = await enqueue({ act: 'print' });
    await ended(id);
    expect([...(await logs(id))].sort()).toEqual(['[redacted]', 'a plain line', 'a warning']);
  });

  test('fails when this version does not know its task', async () => {
    const { ended, store } = await start();
    const strange = { ...newOperation({}), task: 'of.tomorrow' };
    await store.accept(strange, null);
    expect(await ended(strange.id)).toMatchObject({ state: 'failed', error: { code: 'unknown-task' } });
  });
});

describe('work that a person wants to decide about', () => {
  test('is indeterminate when its worker dies, though its task would try again', async () => {
    const { ended, enqueue } = await start();
    const operation = await ended(await enqueue({ act: 'die' }, { onWorkerLoss: 'indeterminate' }));
    expect(operation).toMatchObject({ state: 'indeterminate', attempt: 1, error: { code: 'worker-lost' } });
  });

  test('is tried again while nothing was told to the worker of its task', async () => {
    const { ended, enqueue } = await start({ now: fastClock() });
    const input = deployment('deploy', 'die');
    const more = { task: 'salesforce.deploy', onWorkerLoss: 'indeterminate', maxAttempts: 2 } as const;
    expect(await ended(await enqueue(input, more))).toMatchObject({
      state: 'failed',
      attempt: 2,
      error: { code: 'worker-lost' },
    });
  });
});

describe('a worker that does not come up', () => {
  test.each([
    ['because its program is not there', new URL('missing.ts', import.meta.url), /it exited with code 1/],
    ['because it never says that it is ready', fixtureWorker('silent'), /it was ended by SIGKILL/],
  ])('%s is lost', async (_why, workerUrl, message) => {
    const { ended, enqueue } = await start({ workerUrl, limits: { readyMs: 1_000 } });
    const operation = await ended(await enqueue({}, { maxAttempts: 1 }));
    expect(operation).toMatchObject({ state: 'failed', error: { code: 'worker-lost' } });
    expect(operation.error?.message).toMatch(message);
  });
});

describe('source code', () => {
  test('is fetched by a worker of its own before the task starts', async () => {
    const { ended, enqueue, paths } = await start();
    const id = await enqueue(deployment('deployAtOnce'), { task: 'salesforce.deploy' });
    const { state, result } = await ended(id);
    expect(state).toBe('succeeded');
    const source = result?.['source'] as { directory: string };
    expect(source).toMatchObject({ commitId: 'c0ffee' });
    expect(basename(source.directory)).toBe('source');
    expect(dirname(dirname(source.directory))).toBe(paths.work);
  });

  test('is not fetched again when an earlier attempt has sent it', async () => {
    const { ended, enqueue, events } = await start({ now: fastClock() });
    const id = await enqueue(deployment('deploy'), { task: 'salesforce.deploy' });
    expect(await ended(id)).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      result: { source: null, checkpoint: { deploymentId: '0Af000000000001' } },
    });
    const reasons = (await events(id)).map(({ body }) => (body.type === 'state' ? body.reason : null));
    expect(reasons).toContain('the worker was lost: it exited with code 3');
  });

  test('that is not there fails the operation', async () => {
    const { ended, enqueue } = await start();
    const id = await enqueue(deployment('deploy', 'missing'), { task: 'salesforce.deploy' });
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'unknown-repository' } });
  });

  test('must lie where the worker was told to put it', async () => {
    const { ended, enqueue } = await start();
    const id = await enqueue(deployment('deploy', 'fetchElsewhere'), { task: 'salesforce.deploy' });
    expect(await ended(id)).toMatchObject({ state: 'failed', error: { code: 'worker-protocol' } });
  });
});

describe('reports', () => {
  test('arrive in order and complete when a worker floods', async () => {
    const { ended, enqueue, logs } = await start();
    const id = await enqueue({ act: 'flood', count: 3_000 });
    expect((await ended(id)).state).toBe('succeeded');
    expect(await logs(id)).toEqual(Array.from({ length: 3_000 }, (_, index) => `line ${index + 1}`));
  });

  test('above the share of a worker are not kept, and how many is said', async () => {
    const kept = { ...KEPT_OF_WORKER, logLines: 100 };
    const { ended, enqueue, logs } = await start({ limits: { kept } });
    const id = await enqueue({ act: 'flood', count: 1_000 });
    expect((await ended(id)).state).toBe('succeeded');
    const lines = await logs(id);
    expect(lines.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => `line ${index + 1}`));
    expect(lines.slice(100)).toEqual([
      'The worker has sent 100 log lines; more than that is not kept.',
      'Left out because there was too much: 900 log lines, 0 reports of steps.',
    ]);
  });

  test('of a worker that floods keep no other operation from going on', async () => {
    const { ended, enqueue, events, logs, operation } = await start();
    const flooding = await enqueue({ act: 'flood', count: 1_000_000 });
    await until(async () => (await logs(flooding)).length > 1_000);
    const other = await enqueue({ act: 'succeed', steps: 50 });
    expect((await ended(other)).state).toBe('succeeded');
    expect((await events(other)).filter(({ body }) => body.type === 'progress')).toHaveLength(50);
    expect((await operation(flooding)).state).toBe('running');
    await until(async () => (await logs(flooding)).length > KEPT_OF_WORKER.logLines);
    expect((await logs(flooding)).length).toBe(KEPT_OF_WORKER.logLines + 1);
  });

  test.each([
    ['after the outcome', 'chat'],
    ['of another attempt', 'stranger'],
  ])('%s count for nothing', async (_name, act) => {
    const { ended, enqueue, logs } = await start();
    const id = await enqueue({ act });
    expect((await ended(id)).state).toBe('succeeded');
    expect(await logs(id)).toEqual([]);
  });

  test.each([
    ['of an unknown shape', 'garbage', 'worker-protocol'],
    ['with a checkpoint of an unknown shape', 'oddCheckpoint', 'worker-protocol'],
    ['larger than a message may be', 'shout', 'worker-protocol'],
    ['that leave out a number', 'skip', 'worker-protocol'],
    ['that wait for no acknowledgement', 'rush', 'worker-protocol'],
    ['with a result that the task does not promise', 'mismatch', 'worker-protocol'],
    ['with a result beyond the limit', 'huge', 'too-large'],
  ])('%s end the attempt', async (_name, act, code) => {
    const { ended, enqueue } = await start();
    const operation = await ended(await enqueue({ act }));
    expect(operation).toMatchObject({ state: 'failed', error: { code } });
  });
});

describe('a cancel', () => {
  test('is told to the worker, which ends by itself', async () => {
    const { ended, enqueue, heard, logs, store } = await start();
    const id = await enqueue({ act: 'obey' });
    await heard(id, 'listening');
    await store.requestCancel('default', id, 'somebody', new Date().toISOString());
    expect((await ended(id)).state).toBe('cancelled');
    expect(await logs(id)).toContain('stopped because of request');
  });

  test('at any moment before the worker listens ends the operation too', async () => {
    const { ended, enqueue, store } = await start();
    for (let round = 0; round < 6; round += 1) {
      const id = await enqueue({ act: 'obey' });
      for (let reads = 0; reads < round * 4; reads += 1) await store.getOperation('default', id);
      await store.requestCancel('default', id, null, new Date().toISOString());
      expect((await ended(id)).state).toBe('cancelled');
    }
  });

  test('ends a worker that hears nothing, and its child that left the group', async () => {
    const { ended, enqueue, heard, markers, store } = await start({ limits: { cancelGraceMs: 100 } });
    const id = await enqueue(deployment('echo', 'offspring'), { task: 'salesforce.deploy' });
    await heard(id, /^offspring \d+/);
    const left = { markers: await markers(id), groups: [], since: null };
    expect(await findStrays(left)).toHaveLength(2);
    await store.requestCancel('default', id, null, new Date().toISOString());
    expect((await ended(id)).state).toBe('cancelled');
    expect(await findStrays(left)).toEqual([]);
  });

  test('spares a worker for a while that holds the lock of a login', async () => {
    const limits = { cancelGraceMs: 50, terminateGraceMs: 50, sessionLockMs: 60_000 };
    const { ended, enqueue, heard, markers, operation, store } = await start({ limits });
    const id = await enqueue({ act: 'holdLock' }, { org: 'uat' });
    await heard(id, 'lock held');
    await store.requestCancel('default', id, null, new Date().toISOString());
    // Another operation comes and goes, and this one still holds its lock.
    const other = await enqueue({ act: 'flood', count: 500 });
    expect((await ended(other)).state).toBe('succeeded');
    expect((await operation(id)).state).toBe('running');
    for (const pid of await findStrays({ markers: await markers(id), groups: [], since: null })) {
      process.kill(pid, 'SIGKILL');
    }
    expect((await ended(id)).state).toBe('cancelled');
  });

  test('of a deployment whose worker is lost is carried out by the next attempt', async () => {
    const now = fastClock();
    const { ended, enqueue, events, store } = await start({ limits: { cancelGraceMs: 50 }, now });
    const id = await enqueue(deployment('sendThenStop'), { task: 'salesforce.deploy' });
    await until(async () => (await events(id)).some(({ body }) => body.type === 'checkpoint'));
    await store.requestCancel('default', id, null, now().toISOString());
    expect(await ended(id)).toMatchObject({
      state: 'cancelled',
      attempt: 2,
      result: { because: 'request', checkpoint: { deploymentId: '0Af000000000001' } },
    });
  });
});

describe('a time-out', () => {
  test('is told to the worker, which ends by itself', async () => {
    const { ended, enqueue } = await start();
    const id = await enqueue({ act: 'obey' }, { timeoutSeconds: 1 });
    expect(await ended(id)).toMatchObject({ state: 'timed_out', error: { code: 'timed-out' } });
  });

  test('leaves it open what became of a deployment whose worker had to be killed', async () => {
    const { ended, enqueue } = await start({ limits: { cancelGraceMs: 50 } });
    const id = await enqueue(deployment('send'), { task: 'salesforce.deploy', timeoutSeconds: 3 });
    expect(await ended(id)).toMatchObject({ state: 'indeterminate', error: { code: 'deploy-unknown' } });
  });

  test('ends a worker without such an effect as timed out', async () => {
    const { ended, enqueue } = await start({ limits: { cancelGraceMs: 50 } });
    const id = await enqueue({ act: 'hang' }, { timeoutSeconds: 1 });
    expect((await ended(id)).state).toBe('timed_out');
  });
});

describe('a session of an org login', () => {
  test('is revoked only when no other one of the same login lives', async () => {
    const { ended, enqueue, heard, workspace } = await start();
    const ids = [
      await enqueue({ act: 'session' }, { org: 'uat' }),
      await enqueue({ act: 'session' }, { org: 'uat' }),
    ];
    for (const id of ids) await heard(id, 'session begun');
    const revoked: unknown[] = [];
    for (const id of ids) {
      writeFileSync(join(await workspace(id), 'go'), '');
      revoked.push(records(await ended(id))[0]);
    }
    expect(revoked).toEqual([
      { locked: true, end: { ok: true, revoke: false } },
      { locked: true, end: { ok: true, revoke: true } },
    ]);
  });

  test('is only for the login that was handed out', async () => {
    const { ended, enqueue } = await start();
    const id = await enqueue({ act: 'otherLogin' }, { org: 'uat' });
    expect(records(await ended(id))[0]).toMatchObject({ answer: { ok: false } });
  });
});
