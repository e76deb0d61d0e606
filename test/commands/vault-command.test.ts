import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const HELPER = fileURLToPath(new URL('../fixtures/vault-helper.sh', import.meta.url));

let secrets: string;
let server: TestServer;
let org: SalesforceStandIn;

beforeEach(async () => {
  secrets = mkdtempSync(join(tmpdir(), 'sfp-helper-'));
  org = await startSalesforce();
  const vault = { provider: 'command', command: [HELPER, secrets, 'good'] };
  server = await startTestServer({ configuration: { vault } });
});
afterEach(async () => {
  await server.remove();
  await org.stop();
  rmSync(secrets, { recursive: true, force: true });
});

test('a helper keeps logins: workers ask it, and a rotated token is with it before it is used', async () => {
  const cli = (words: readonly string[], input = '') => runCli(words, { home: server.paths.home, input });
  const login = org.addRefreshLogin({ rotation: true });
  expect(await cli(['org', 'login', 'sfdx-url', '-a', 'uat'], login.url)).toMatchObject({ code: 0 });
  expect(await cli(['org', 'test', 'uat'])).toMatchObject({ code: 0 });
  const kept = Buffer.from(readFileSync(join(secrets, 'org_default_uat'), 'latin1'), 'base64url');
  expect(JSON.parse(kept.toString())).toMatchObject({
    refreshToken: org.currentRefreshToken(login.refreshToken),
  });
  expect((await cli(['vault', 'show'])).stdout).toContain(`Helper:  ${HELPER}`);
  expect((await cli(['org', 'list'])).stdout).toContain('Logins are in the command vault.');
});

test('a configuration that names the provider and no helper is refused, with the place', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sfp-helper-'));
  writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: command }\n');
  const { code, stderr } = await runCli(['secret', 'list'], { home });
  expect(code).toBe(78);
  expect(stderr).toContain('sfp-server.yaml:1:20: the provider command needs vault.command');
  rmSync(home, { recursive: true });
});
