import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Backup } from '../../src/contract/backup.ts';
import { EXIT } from '../../src/contract/errors.ts';
import { resultOf, runCli } from '../support/run-cli.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let elsewhere: string;
const run = (...words: string[]) => runCli(words, { home: server.paths.home });

beforeAll(async () => {
  server = await startTestServer();
  elsewhere = mkdtempSync(join(tmpdir(), 'sfp-backup-'));
});
afterAll(async () => {
  await server.remove();
  rmSync(elsewhere, { recursive: true, force: true });
});

test('a running server is backed up, and restored once it is stopped', async () => {
  const later = { task: 'salesforce.query', input: { soql: 'SELECT Id FROM Account' }, runAt: soon() };
  await server.client.call('putOrg', {
    params: { org: 'uat' },
    body: {
      kind: 'jwt',
      username: 'ci@example.com',
      instanceUrl: 'https://example.my.salesforce.com',
      organisationId: '00D000000000001AAA',
    },
  });
  const first = await server.client.call('createOperation', { body: { ...later, org: 'uat' } });
  const { epoch } = (await server.client.call('serverStatus')).position;

  const file = join(elsewhere, 'one.db');
  const backup = await run('backup', file, '--json');
  expect(resultOf<Backup>(backup)).toMatchObject({ file, bytes: expect.any(Number) });
  const again = await run('backup', file);
  expect(again).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('There is a file') });

  const running = await run('restore', file);
  expect(running).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining('runs') });
  await server.client.call('cancelOperation', { params: { id: first.id } });
  await server.stop();

  expect(await run('backup', join(elsewhere, 'stopped.db'))).toMatchObject({ code: 0 });
  expect(existsSync(join(elsewhere, 'stopped.db'))).toBe(true);
  expect(await run('restore', file)).toMatchObject({
    code: EXIT.failed,
    stderr: expect.stringContaining('--replace'),
  });
  const restored = await run('restore', file, '--replace');
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining('1 goes on') });

  await server.start();
  expect(await server.client.call('getOperation', { params: { id: first.id } })).toMatchObject({
    state: 'scheduled',
  });
  expect((await server.client.call('serverStatus')).position.epoch).not.toBe(epoch);
});

function soon(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
