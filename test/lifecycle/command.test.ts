import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { CommandResult } from '../../src/contract/command.ts';
import { startTestServer, type TestServer, untilState } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.remove();
  server = null;
});

const SLEEP = ['sh', '-c', 'echo started; exec sleep 600'];

test('a killed server leaves nothing of a command, runs again what may be done twice, and guesses about no other', async () => {
  const running = await startTestServer({
    configuration: {
      commands: {
        once: { run: SLEEP, maxAttempts: 3 },
        again: { run: SLEEP, onWorkerLoss: 'retry', maxAttempts: 3 },
      },
    },
  });
  server = running;
  const begin = async (command: string): Promise<string> => {
    const body = { task: 'command', input: { command } };
    const { id } = await running.client.call('createOperation', { body });
    await until(async () => (await started(id)) === 1, running.output);
    return id;
  };
  const started = async (id: string): Promise<number> => {
    const { items } = await running.client.call('listEvents', { params: { id }, query: { limit: 200 } });
    return items.filter(({ body }) => body.type === 'log' && body.message === 'started').length;
  };
  const once = await begin('once');
  const again = await begin('again');

  await running.kill();
  await running.start();

  expect(await untilState(running, once, 'indeterminate')).toMatchObject({ attempt: 1 });
  await until(async () => (await started(again)) === 2, running.output);
  expect(await started(once)).toBe(1);
  await running.client.call('cancelOperation', { params: { id: again } });
  expect(await untilState(running, again, 'cancelled')).toMatchObject({ attempt: 2 });
});

test('what is kept of a command is that of its last attempt', async () => {
  const leave = 'mkdir kept; touch "kept/$(cat /proc/sys/kernel/random/uuid)"; exit 3';
  const running = await startTestServer({
    configuration: {
      commands: {
        leave: {
          run: ['sh', '-c', leave],
          onWorkerLoss: 'retry',
          maxAttempts: 2,
          artifacts: ['kept/*'],
        },
      },
    },
  });
  server = running;
  const body = { task: 'command', input: { command: 'leave' } };
  const { id } = await running.client.call('createOperation', { body });
  const { attempt, result } = await untilState(running, id, 'failed');
  expect(attempt).toBe(2);
  const named = (result as CommandResult).artifacts.map(({ name }) => name);
  expect(readdirSync(join(running.paths.artifacts, id, 'kept')).map((name) => `kept/${name}`)).toEqual(named);
});
