import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultOf } from '../support/run-cli.ts';
import { startSalesforce } from '../support/salesforce/start.ts';
import { startServerWithoutOrgs } from '../support/server-without-orgs.ts';
import { until } from '../support/until.ts';

const { server, org, vault, directory, orgs, cli } = await startServerWithoutOrgs();

const kept = async (alias = 'uat') => JSON.parse((await vault.get(`org/default/${alias}`)) ?? 'null');

describe('org login client-credentials', () => {
  const words = (clientId: string, url = org.url) =>
    ['org', 'login', 'client-credentials', '-a', 'uat', '--client-id', clientId, '--login-url', url] as const;

  it('takes the secret of the app from standard input, and acts as the user that the app runs as', async () => {
    const { clientId, clientSecret } = org.addClientCredentialsLogin('app@acme.example');
    const run = await cli(words(clientId), `${clientSecret}\n`);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).not.toContain(clientSecret);
    expect(await kept()).toEqual({ kind: 'client-credentials', clientId, clientSecret, loginUrl: org.url });
    expect(await orgs()).toMatchObject([
      { kind: 'client-credentials', username: 'app@acme.example', login: { state: 'ok' } },
    ]);
  });

  it('refuses the login hosts of Salesforce with the reason, before it reads anything', async () => {
    for (const host of ['login', 'test']) {
      const run = await cli(words('3MVG9x', `https://${host}.salesforce.com`), 'secret');
      expect(run.code).toBe(2);
      expect(run.stderr).toContain(`${host}.salesforce.com does not take the login of an app`);
    }
    expect(await vault.list('')).toEqual([]);
  });
});

describe('org login access-token', () => {
  const words = () => ['org', 'login', 'access-token', '-a', 'uat', '--instance-url', org.url];

  it('uses the session and does not end it', async () => {
    const { accessToken } = org.addAccessToken();
    const before = org.liveSessions();
    const run = await cli(words(), accessToken);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(await kept()).toEqual({ kind: 'access-token', accessToken, instanceUrl: org.url });
    expect(org.liveSessions()).toBe(before);
  });

  it('refuses what is no token without repeating it, and one that has expired', async () => {
    const odd = await cli(words(), 'not a token at all');
    expect(odd.code).toBe(2);
    expect(odd.stderr).not.toContain('not a token at all');
    const expired = await cli(words(), `${org.organisationId.slice(0, 15)}!AQ${'x'.repeat(40)}`);
    expect(expired.code).toBe(1);
    expect(expired.stderr).toContain('it has expired or was revoked');
    expect(await vault.list('')).toEqual([]);
  });

  it('without a check takes the organisation from the token, and the first work finds out', async () => {
    const { accessToken } = org.addAccessToken();
    const run = await cli([...words(), '--no-check', '--json'], accessToken);
    expect(resultOf(run)).toMatchObject({
      organisationId: org.organisationId,
      login: { state: 'unchecked', usedAt: null },
    });
    expect((await cli(['org', 'test', 'uat'])).code).toBe(0);
    await until(async () => (await orgs())[0]?.login.state === 'ok');
  });
});

describe('org login sandbox', () => {
  const words = ['org', 'login', 'sandbox', '-a', 'dev1', '--production', 'prod', '--name', 'Dev1'];

  it('logs in with the app of the production org, as its user with the name of the sandbox behind', async () => {
    const { privateKey, ...login } = org.addJwtLogin('ada@acme.example');
    const file = join(directory, 'prod.key');
    writeFileSync(file, privateKey, { mode: 0o600 });
    const { clientId, username, loginUrl } = login;
    const jwt = ['org', 'login', 'jwt', '-a', 'prod', '--client-id', clientId, '--username', username];
    expect((await cli([...jwt, '-f', file, '--login-url', loginUrl])).code).toBe(0);

    const sandbox = await startSalesforce({ organisationId: '00D5g000009SaNd' });
    try {
      sandbox.copyApp(org, clientId, ['ada@acme.example.dev1']);
      const run = await cli([...words, '--login-url', sandbox.url]);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(await kept('dev1')).toMatchObject({ kind: 'sandbox', production: 'prod', name: 'Dev1' });
      const found = (await orgs()).find(({ alias }) => alias === 'dev1');
      expect(found).toMatchObject({
        kind: 'sandbox',
        username: 'ada@acme.example.dev1',
        organisationId: sandbox.organisationId,
      });
    } finally {
      await sandbox.stop();
    }
  });

  it('says why a refresh token does not do, and what to do where there is no login', async () => {
    expect((await cli(words)).stderr).toContain('The vault has no login of prod');
    const { url: _, username: __, ...login } = org.addRefreshLogin();
    await vault.set('org/default/prod', JSON.stringify({ kind: 'sfdx-url', ...login }));
    const run = await cli(words);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('prod is logged in to with sfdx-url, which holds in that org alone');
  });
});

describe('a login without a check', () => {
  const words = ['org', 'login', 'sfdx-url', '-a', 'uat', '--no-check'];

  it('wants to know the organisation', async () => {
    const { url } = org.addRefreshLogin();
    const run = await cli(words, url);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--organisation-id 00D');
    const given = await cli([...words, '--organisation-id', org.organisationId], url);
    expect(given).toMatchObject({ code: 0, stderr: '' });
    expect(org.refusedRefreshes()).toBe(0);
    expect((await cli(['org', 'list'])).stdout).toContain('unchecked');
  });
});

describe('a login that the org refuses from now on', () => {
  it('makes its work wait and is told once; a new login lets all of it go on', async () => {
    const login = org.addRefreshLogin();
    const log = ['org', 'login', 'sfdx-url', '-a', 'uat'];
    expect((await cli(log, login.url)).code).toBe(0);
    org.endRefreshLogin(login.refreshToken);
    const query = { task: 'salesforce.query', org: 'uat', input: { soql: 'SELECT Id FROM Organization' } };
    const asked = await Promise.all(
      [1, 2, 3].map(() => server.client.call('createOperation', { body: query })),
    );
    const now = () =>
      Promise.all(asked.map(({ id }) => server.client.call('getOperation', { params: { id } })));
    await until(async () => (await now()).every((one) => one.waitingFor?.reason === 'credential'));
    const listed = await cli(['org', 'list']);
    expect(listed.stdout).toContain('refused since');
    expect(listed.stdout).toContain('the org refuses the login of uat');
    expect(server.output().split('the org refuses its login').length - 1).toBe(1);

    expect((await cli(log, org.addRefreshLogin().url)).code).toBe(0);
    await until(async () => (await now()).every(({ state }) => state === 'succeeded'));
    expect((await cli(['org', 'list'])).stdout).not.toContain('refused');
  });
});
