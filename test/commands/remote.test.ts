import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { connectionOf } from '../../src/client/connect.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { type CliRun, resultOf, runCli } from '../support/run-cli.ts';
import { until } from '../support/until.ts';

let home: string;
let url: string;
let token: string;
let server: Promise<CliRun>;

/** Everything of the server's machine is far away: only the URL and the token are known. */
const remote = (
  words: readonly string[],
  environment: Record<string, string> = { SFP_SERVER_TOKEN: token },
) => runCli([...words, '--server', url], { home: '/nonexistent', environment });

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'sfp-'));
  writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\n');
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const environment = { SFP_SERVER_LISTEN: `127.0.0.1:${port}` };
  server = runCli(['start', '--no-board', '--no-caddy'], { home, environment });
  await until(async () => (await runCli(['status'], { home })).code === 0);
  await registerOrg();
  const words = ['token', 'create', 'ci', '--scope', 'operations:read', '--scope', 'operations:write'];
  token = resultOf<{ token: string }>(await runCli([...words, '--json'], { home })).token;
});
afterAll(async () => {
  await runCli(['stop'], { home });
  await server;
  rmSync(home, { recursive: true, force: true });
});

/** Enough for work that is not due: nobody logs in. */
async function registerOrg(): Promise<void> {
  const client = createClient(connectionOf(readEnvironment({ SFP_SERVER_HOME: home })));
  await client.call('putOrg', {
    params: { org: 'uat' },
    body: {
      kind: 'jwt',
      username: 'user@example.com',
      instanceUrl: 'https://example.my.salesforce.com',
      organisationId: '00D000000000001',
    },
  });
  await client.close();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

describe('--server', () => {
  test('works with an API token', async () => {
    expect(await remote(['operation', 'list'])).toMatchObject({ code: 0, stderr: '' });
    const status = await remote(['status']);
    expect(status.code).toBe(0);
    expect(status.stdout).toContain('● ready');
  });

  test('has work done, follows it live, and cancels it', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const words = ['enqueue', 'salesforce.identity', '-o', 'uat', '--run-at', later, '--async'];
    const id = (await remote(words)).stdout.trim();
    let printed = '';
    const tail = runCli(['tail', id, '--server', url], {
      home: '/nonexistent',
      environment: { SFP_SERVER_TOKEN: token },
      started: (child) =>
        child.stdout?.on('data', (chunk: Buffer) => {
          printed += chunk.toString('utf8');
        }),
    });
    await until(async () => printed.includes('accepted:'));
    expect((await remote(['operation', 'cancel', id])).code).toBe(0);
    expect(await tail).toMatchObject({ code: 1, stderr: '' });
    expect(printed).toContain('cancelled');
  });

  test.each([
    ['no token', {}],
    ['a wrong token', { SFP_SERVER_TOKEN: `sfp_${'x'.repeat(43)}` }],
  ])('with %s is refused with 77, and the token is not repeated', async (_name, environment) => {
    const run = await remote(['operation', 'list'], environment);
    expect(run.code).toBe(77);
    expect(run.stderr).toMatch(/^Error: /);
    expect(run.stderr).not.toContain('xxx');
  });
});
