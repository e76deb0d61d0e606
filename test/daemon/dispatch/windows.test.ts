import { afterEach, expect, test } from 'vitest';
import type { Configuration } from '../../../src/contract/configuration.ts';
import { until } from '../../support/until.ts';
import { deployment, makeSetting, type Setting } from './setting.ts';

const LANE = { organisation: '00D000000000001EAA', mode: 'exclusive' } as const;
const DEPLOY = { task: 'salesforce.deploy', org: 'prod', lane: LANE } as const;
const DAYS: Configuration['orgs'] = { prod: { window: [{ from: '08:00', to: '18:00' }] } };

let setting: Setting;
let clock: Date;

afterEach(async () => {
  await setting.remove();
});

async function start(now: string): Promise<Setting> {
  clock = new Date(now);
  setting = await makeSetting({ now: () => clock, orgs: DAYS });
  await setting.dispatch.start();
  return setting;
}

async function untilWaiting(id: string): Promise<void> {
  await until(async () => (await setting.operation(id)).waitingFor?.reason === 'window');
}

test('a deployment starts by itself when its window opens, also when that is because the clock was set', async () => {
  const { enqueue, operation, ended } = await start('2026-06-01T07:00:00Z');
  const id = await enqueue(deployment('deployAtOnce'), DEPLOY);
  await untilWaiting(id);
  expect((await operation(id)).waitingFor).toEqual({
    reason: 'window',
    until: '2026-06-01T08:00:00.000Z',
    note: 'outside its window',
  });
  clock = new Date('2026-06-01T08:00:00Z');
  expect(await ended(id)).toMatchObject({ attempt: 1, startedAt: '2026-06-01T08:00:00.000Z' });
});

test('what runs when the window closes goes on, and what comes then waits', async () => {
  const { enqueue, heard, operation } = await start('2026-06-01T17:59:00Z');
  const id = await enqueue({ ...deployment('obey'), act: 'obey' }, DEPLOY);
  await heard(id, 'listening');
  clock = new Date('2026-06-01T18:00:00Z');
  const next = await enqueue(deployment('deployAtOnce'), DEPLOY);
  await untilWaiting(next);
  expect((await operation(id)).state).toBe('running');
});

test('an override starts in a closed org', async () => {
  const { enqueue, ended } = await start('2026-06-01T07:00:00Z');
  const waiting = await enqueue(deployment('deployAtOnce'), DEPLOY);
  await untilWaiting(waiting);
  const id = await enqueue(deployment('deployAtOnce'), { ...DEPLOY, overrideWindow: 'hotfix' });
  expect(await ended(id)).toMatchObject({ attempt: 1, overrideWindow: 'hotfix' });
  expect((await setting.operation(waiting)).state).toBe('queued');
});
