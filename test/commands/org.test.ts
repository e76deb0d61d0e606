import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVault } from '../../src/vault/open.ts';
import { type CliRun, resultOf, runCli } from '../support/run-cli.ts';
import type { JwtLogin } from '../support/salesforce/start.ts';
import { startServerWithoutOrgs } from '../support/server-without-orgs.ts';

const { server, org, vault, directory, orgs, cli } = await startServerWithoutOrgs();

function jwtWords(login: JwtLogin, alias = 'uat'): string[] {
  const file = join(directory, `${alias}.key`);
  writeFileSync(file, login.privateKey, { mode: 0o600 });
  const words = ['org', 'login', 'jwt', '-a', alias, '--client-id', login.clientId];
  return [...words, '--username', login.username, '--jwt-key-file', file, '--login-url', login.loginUrl];
}

async function expectNothingChanged(run: CliRun, code: number, says: string): Promise<void> {
  expect(run.stderr).toContain(says);
  expect(run.code).toBe(code);
  expect(await vault.list('')).toEqual([]);
  expect(await orgs()).toEqual([]);
}

describe('org login jwt', () => {
  it('proves the login in the org, keeps it in the vault, and registers what the org said', async () => {
    const login = org.addJwtLogin();
    const run = await cli(jwtWords(login));
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain(`Logged in to ${org.organisationId}`);
    expect(run.stdout).toContain('in the file vault');
    expect(await orgs()).toMatchObject([
      {
        alias: 'uat',
        kind: 'jwt',
        username: login.username,
        organisationId: org.organisationId,
        instanceUrl: org.url,
      },
    ]);
    expect(await vault.list('')).toEqual(['org/default/uat']);
    expect(JSON.parse((await vault.get('org/default/uat')) ?? '')).toEqual({ kind: 'jwt', ...login });
  });

  it('ends no session, which may be that of running work, and removes its workspace', async () => {
    const before = { sessions: org.liveSessions(), revoked: org.calls.revoke };
    await cli(jwtWords(org.addJwtLogin()));
    expect(org.calls.revoke).toBe(before.revoked);
    expect(org.liveSessions()).toBe(before.sessions + 1);
    expect(checksLeft()).toEqual([]);
  });

  it('with a key that the org does not know keeps nothing', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const run = await cli(jwtWords({ ...org.addJwtLogin(), privateKey }));
    await expectNothingChanged(run, 1, 'Error:');
    expect(`${run.stdout}${run.stderr}`).not.toContain('PRIVATE KEY');
  });

  it('that fails leaves the login that was there before', async () => {
    const login = org.addJwtLogin();
    await cli(jwtWords(login));
    const failed = await cli(jwtWords({ ...login, username: 'nobody@acme.example' }));
    expect(failed.code).toBe(1);
    expect(JSON.parse((await vault.get('org/default/uat')) ?? '')).toMatchObject({
      username: login.username,
    });
    expect(await vault.list('')).toEqual(['org/default/uat']);
  });

  it('that is interrupted leaves nothing, and says so', async () => {
    org.faults.slow('token', 5_000);
    const before = org.calls.token;
    const words = jwtWords(org.addJwtLogin());
    let child: ChildProcess | null = null;
    const running = runCli(words, {
      home: server.paths.home,
      started: (started) => {
        child = started;
      },
    });
    await expect.poll(() => org.calls.token, { timeout: 30_000 }).toBeGreaterThan(before);
    (child as ChildProcess | null)?.kill('SIGINT');
    await expectNothingChanged(await running, 1, 'The login was interrupted; nothing was changed.');
    expect(checksLeft()).toEqual([]);
  });

  it('refuses a missing key file, a file that is no key, and one that is no RSA key', async () => {
    const login = org.addJwtLogin();
    const words = jwtWords(login);
    const file = join(directory, 'uat.key');
    rmSync(file);
    await expectNothingChanged(await cli(words), 2, 'does not exist');
    writeFileSync(file, 'this is no key');
    await expectNothingChanged(await cli(words), 2, 'holds no unencrypted private key');
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    writeFileSync(file, privateKey);
    await expectNothingChanged(await cli(words), 2, 'a private key of type ec');
  });

  it('refuses an alias that is none and a login URL in the clear', async () => {
    const login = org.addJwtLogin();
    await expectNothingChanged(await cli(jwtWords(login, 'a b')), 2, 'is no org alias');
    const clear = jwtWords({ ...login, loginUrl: 'http://login.example.com' });
    await expectNothingChanged(await cli(clear), 2, 'is no login URL');
  });

  it('refuses to work without a daemon, before it writes anything', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sfp-org-'));
    writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\n');
    const { code, stderr } = await runCli(jwtWords(org.addJwtLogin()), { home });
    expect(code).toBe(1);
    expect(stderr).toContain('Start it with: sfp-server start --detach');
    expect(existsSync(join(home, 'work'))).toBe(false);
    const own = await openVault({ provider: 'file', directory: join(home, 'state', 'vault') });
    expect(await own.list('')).toEqual([]);
    rmSync(home, { recursive: true });
  });
});

describe('org login sfdx-url', () => {
  const words = ['org', 'login', 'sfdx-url', '-a', 'uat'];

  it('takes the URL from standard input and keeps the refresh token that came in its place', async () => {
    const login = org.addRefreshLogin({ rotation: true });
    const run = await cli(words, `${login.url}\n`);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(`${run.stdout}${run.stderr}`).not.toContain(login.refreshToken);
    const kept = JSON.parse((await vault.get('org/default/uat')) ?? '') as { refreshToken: string };
    expect(kept.refreshToken).not.toBe(login.refreshToken);
    expect(kept.refreshToken).toBe(org.currentRefreshToken(login.refreshToken));
    expect(await vault.list('')).toEqual(['org/default/uat']);
    expect((await cli(['org', 'test', 'uat'])).code).toBe(0);
  });

  it('takes it from a file too', async () => {
    const login = org.addRefreshLogin({ clientSecret: 'shh' });
    const file = join(directory, 'auth-url');
    writeFileSync(file, login.url);
    const run = await cli([...words, '--sfdx-url-file', file, '--json']);
    expect(resultOf(run)).toMatchObject({ alias: 'uat', kind: 'sfdx-url', vault: 'file' });
    expect(JSON.parse((await vault.get('org/default/uat')) ?? '')).toMatchObject({
      clientId: login.clientId,
      clientSecret: 'shh',
      refreshToken: login.refreshToken,
    });
  });

  it('outlives a failure that passes after the token was rotated', async () => {
    const login = org.addRefreshLogin({ rotation: true });
    org.faults.unavailable('identity', 20, 0);
    const failing = cli(words, login.url);
    await expect.poll(() => org.calls.identity, { timeout: 30_000 }).toBeGreaterThan(0);
    org.faults.clear();
    expect((await failing).code).toBe(0);
    expect((await cli(['org', 'test', 'uat'])).code).toBe(0);
  });

  it('refuses what is no sfdx auth URL without repeating it, and one that the org refuses', async () => {
    for (const url of [
      'https://acme.example',
      'force://only-secret',
      'force://a:b:c@http://acme.example',
      'force://a:b:c@/x',
    ]) {
      const run = await cli(words, url);
      await expectNothingChanged(run, 2, 'This is no sfdx auth URL');
      expect(run.stderr).not.toContain(url);
    }
    const { url, refreshToken } = org.addRefreshLogin();
    const refused = await cli(words, url.replace(refreshToken, 'unknown-token'));
    await expectNothingChanged(refused, 1, 'Error:');
  });
});

describe('org', () => {
  it('list shows what is known and which vault has the logins', async () => {
    const empty = await cli(['org', 'list']);
    expect(empty.stdout).toContain('No org is known yet');
    await cli(jwtWords(org.addJwtLogin()));
    const { stdout } = await cli(['org', 'list']);
    expect(stdout).toContain(org.organisationId);
    expect(stdout).toContain('Logins are in the file vault.');
    expect(resultOf(await cli(['org', 'list', '--json']))).toMatchObject({
      vault: 'file',
      orgs: [{ alias: 'uat' }],
    });
  });

  it('test runs the login on the server and says what came of it', async () => {
    await cli(jwtWords(org.addJwtLogin()));
    const good = await cli(['org', 'test', 'uat']);
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toContain(`uat works: ada@acme.example in ${org.organisationId}`);
    await vault.remove('org/default/uat');
    const bad = await cli(['org', 'test', 'uat']);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('uat does not work (failed)');
    const unknown = await cli(['org', 'test', 'nowhere']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('sfp-server org list');
  });

  it('logout forgets alias and login, and says so once', async () => {
    await cli(jwtWords(org.addJwtLogin()));
    expect((await cli(['org', 'logout', 'uat'])).code).toBe(0);
    expect(await vault.list('')).toEqual([]);
    expect(await orgs()).toEqual([]);
    expect((await cli(['org', 'logout', 'uat'])).code).toBe(1);
  });

  it('logout removes a login that an earlier one had to leave in the vault', async () => {
    await cli(jwtWords(org.addJwtLogin()));
    await server.client.call('deleteOrg', { params: { org: 'uat' } });
    expect(await cli(['org', 'logout', 'uat'])).toMatchObject({ code: 0, stderr: '' });
    expect(await vault.list('')).toEqual([]);
  });
});

describe('token', () => {
  const create = ['token', 'create', 'ci', '--scope', 'operations:read'];

  it('create prints the token once, list never shows it, revoke ends it', async () => {
    const created = await cli([...create, '--expires', '30']);
    expect(created.stdout).toMatch(/^sfp_[A-Za-z0-9_-]{43}\n$/);
    const listed = resultOf<{ tokens: { id: string; scopes: string[] }[] }>(
      await cli(['token', 'list', '--json']),
    );
    expect(listed.tokens).toMatchObject([{ name: 'ci', scopes: ['operations:read'] }]);
    expect(JSON.stringify(listed)).not.toContain(created.stdout.trim());
    const id = listed.tokens[0]?.id ?? '';
    expect((await cli(['token', 'list'])).stdout).toContain(id);
    expect((await cli(['token', 'revoke', id])).code).toBe(0);
    expect((await cli(['token', 'revoke', id])).code).toBe(1);
  });

  it('belongs to its tenant', async () => {
    await cli([...create, '--tenant', 'acme']);
    expect(resultOf(await cli(['token', 'list', '--json']))).toEqual({ tokens: [] });
    expect(resultOf(await cli(['token', 'list', '--tenant', 'acme', '--json']))).toMatchObject({
      tokens: [{ tenant: 'acme' }],
    });
  });

  it('refuses an unknown scope, an end in the past, and a remote server', async () => {
    const cases = [
      { words: ['token', 'create', 'ci', '--scope', 'everything'], says: 'scope', code: 2 },
      { words: [...create, '--expires', '2020-01-01'], says: 'is no time in the future', code: 2 },
      { words: [...create, '--expires', 'soon'], says: 'is no time in the future', code: 2 },
      { words: [...create, '--server', 'https://ops.example.com'], says: 'Error:', code: 77 },
    ];
    for (const { words, says, code } of cases) {
      const run = await cli(words);
      expect(run.stderr).toContain(says);
      expect(run.code, words.join(' ')).toBe(code);
    }
  });
});

describe('vault move', () => {
  it('refuses while the daemon runs', async () => {
    const run = await cli(['vault', 'move', '--to', 'keychain']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('sfp-server stop');
  });
});

/** Workspaces of login checks; workers that wait for work have theirs beside them. */
function checksLeft(): readonly string[] {
  return readdirSync(server.paths.work).filter((name) => name.startsWith('login-check'));
}
