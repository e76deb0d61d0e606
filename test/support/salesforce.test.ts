import { strToU8, zipSync } from 'fflate';
import { importPKCS8, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeyPair } from './salesforce/accounts.ts';
import { type JwtLogin, type SalesforceStandIn, startSalesforce } from './salesforce/start.ts';

let org: SalesforceStandIn;
let login: JwtLogin;

beforeEach(async () => {
  org = await startSalesforce();
  login = org.addJwtLogin();
});
afterEach(() => org.stop());

type Json = Record<string, unknown>;
interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

const seconds = () => Math.floor(Date.now() / 1000);

async function assertion(claims: Json = {}, privateKey = login.privateKey, alg = 'RS256'): Promise<string> {
  const standard = { iss: login.clientId, sub: login.username, aud: org.url, exp: seconds() + 180 };
  const key = await importPKCS8(privateKey, alg);
  return new SignJWT({ ...standard, ...claims }).setProtectedHeader({ alg }).sign(key);
}

async function post(path: string, form: Record<string, string>): Promise<Reply> {
  return reply(await fetch(`${org.url}${path}`, { method: 'POST', body: new URLSearchParams(form) }));
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as Json),
    headers: response.headers,
  };
}

function jwtGrant(jwt: string): Promise<Reply> {
  return post('/services/oauth2/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: jwt,
  });
}

async function session(): Promise<string> {
  return String((await jwtGrant(await assertion())).body['access_token']);
}

async function api(token: string, path: string, init: RequestInit = {}): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
  return reply(await fetch(`${org.url}/services/data/v65.0${path}`, { ...init, headers }));
}

describe('the token endpoint', () => {
  test('a correctly signed assertion gets a session of the org', async () => {
    const { status, body } = await jwtGrant(await assertion());
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^00D\w{12}!/),
      instance_url: org.url,
      id: expect.stringMatching(`^${org.url}/id/${org.organisationId}/005`),
      scope: expect.any(String),
      token_type: 'Bearer',
    });
    expect(org.liveSessions()).toBe(1);
    expect(org.calls.token).toBe(1);
  });

  test.each([
    ['another key', async () => assertion({}, createKeyPair().privateKey), 'invalid assertion'],
    ['another algorithm', async () => assertion({}, login.privateKey, 'PS256'), 'invalid assertion'],
    [
      'another audience',
      async () => assertion({ aud: 'https://login.salesforce.com' }),
      'audience is invalid',
    ],
    ['a past expiry', async () => assertion({ exp: seconds() - 1 }), 'expired authorization code'],
    ['an expiry in milliseconds', async () => assertion({ exp: Date.now() }), 'expired authorization code'],
    ['a late expiry', async () => assertion({ exp: seconds() + 400 }), 'expired authorization code'],
    [
      'an unknown user',
      async () => assertion({ sub: 'eve@acme.example' }),
      "user hasn't approved this consumer",
    ],
    ['changed claims', async () => tamper(await assertion()), 'invalid assertion'],
  ])('%s is refused', async (_, make, description) => {
    const { status, body } = await jwtGrant(await make());
    expect([status, body]).toEqual([400, { error: 'invalid_grant', error_description: description }]);
    expect(org.liveSessions()).toBe(0);
  });

  test('an unknown client is refused', async () => {
    const { body } = await jwtGrant(await assertion({ iss: 'nobody' }));
    expect(body).toEqual({ error: 'invalid_client_id', error_description: 'client identifier invalid' });
  });
});

function tamper(jwt: string): string {
  const [header, claims = '', signature] = jwt.split('.');
  const changed = { ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as Json), scope: 'full' };
  return [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}

describe('the grant to an app itself', () => {
  const grant = (form: Record<string, string>) =>
    post('/services/oauth2/token', { grant_type: 'client_credentials', ...form });

  test('logs in as the user that the app runs as, with its secret in the form', async () => {
    const { clientId, clientSecret } = org.addClientCredentialsLogin('app@acme.example');
    const { status, body } = await grant({ client_id: clientId, client_secret: clientSecret });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('refresh_token');
    expect(body['id']).toContain(org.users.get('app@acme.example')?.id);
  });

  test('refuses a wrong secret, and an app that runs as nobody', async () => {
    const { clientId } = org.addClientCredentialsLogin();
    const wrong = await grant({ client_id: clientId, client_secret: 'x' });
    expect(wrong.body).toMatchObject({ error: 'invalid_client' });
    const nobody = org.addConnectedApp({ clientSecret: 'shh', users: [] });
    const refused = await grant({ client_id: nobody.clientId, client_secret: 'shh' });
    expect(refused.body).toMatchObject({ error: 'invalid_grant' });
  });
});

test('a session that somebody began is good until it is revoked', async () => {
  const { accessToken } = org.addAccessToken();
  expect((await api(accessToken, '/limits')).status).toBe(200);
  await post('/services/oauth2/revoke', { token: accessToken });
  expect((await api(accessToken, '/limits')).status).toBe(401);
});

describe('the refresh grant', () => {
  const refresh = (given: { clientId: string; clientSecret: string; refreshToken: string }) =>
    post('/services/oauth2/token', {
      grant_type: 'refresh_token',
      client_id: given.clientId,
      client_secret: given.clientSecret,
      refresh_token: given.refreshToken,
    });

  test('without rotation a refresh token is good again and again', async () => {
    const given = org.addRefreshLogin();
    expect(given.url).toBe(`force://${given.clientId}::${given.refreshToken}@${org.url}`);
    for (const _ of [1, 2]) {
      const { status, body } = await refresh(given);
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('refresh_token');
    }
  });

  test('with rotation the old token is dead, and its replay ends the family', async () => {
    const given = org.addRefreshLogin({ rotation: true, clientSecret: 'S3cret' });
    const second = String((await refresh(given)).body['refresh_token']);
    expect(second).toBe(org.currentRefreshToken(given.refreshToken));
    expect((await refresh({ ...given, refreshToken: second })).status).toBe(200);
    expect(org.liveSessions()).toBe(2);

    const replay = await refresh(given);
    expect(replay.body).toEqual({
      error: 'invalid_grant',
      error_description: 'expired access/refresh token',
    });
    expect(org.currentRefreshToken(given.refreshToken)).toBeNull();
    expect(org.refusedRefreshes()).toBe(1);
    expect(org.liveSessions()).toBe(0);
  });

  test('a wrong client secret is refused', async () => {
    const { body } = await refresh({
      ...org.addRefreshLogin({ clientSecret: 'right' }),
      clientSecret: 'wrong',
    });
    expect(body['error']).toBe('invalid_client');
  });

  test('of two refreshes at once one is refused', async () => {
    const given = org.addRefreshLogin({ rotation: true });
    org.faults.slow('token', 100);
    const statuses = (await Promise.all([refresh(given), refresh(given)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 400]);
    expect(org.currentRefreshToken(given.refreshToken)).not.toBeNull();
  });

  test('revoking a refresh token ends its sessions, revoking a session ends only it', async () => {
    const given = org.addRefreshLogin();
    await refresh(given);
    const other = await session();
    expect((await post('/services/oauth2/revoke', { token: given.refreshToken })).status).toBe(200);
    expect(org.liveSessions()).toBe(1);
    expect((await post('/services/oauth2/revoke', { token: other })).status).toBe(200);
    expect(org.liveSessions()).toBe(0);
    expect((await post('/services/oauth2/revoke', { token: other })).body['error']).toBe('invalid_token');
  });
});

describe('the data API', () => {
  const records = Array.from({ length: 5 }, (_, n) => ({ Id: `001${n}`, Name: `Account ${n}`, Size: n }));

  test('without a live session every call is refused in the words of Salesforce', async () => {
    const token = await session();
    org.faults.expireSessions();
    for (const path of ['/query?q=SELECT+Id+FROM+User', '/tooling/query?q=x', '/limits']) {
      const { status, body } = await api(token, path);
      expect(status).toBe(401);
      expect(body).toEqual([{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
    }
  });

  test('a query hands out its pages one after the other', async () => {
    org.setRecords('Account', records);
    org.setPageSize(2);
    const token = await session();
    const seen: unknown[] = [];
    let path = `/query?q=${encodeURIComponent('SELECT Id, Name FROM Account WHERE Size > 0 ORDER BY Name DESC')}`;
    for (;;) {
      const { body } = await api(token, path);
      expect(body['totalSize']).toBe(4);
      seen.push(...(body['records'] as Json[]).map((record) => record['Name']));
      if (body['done']) break;
      path = String(body['nextRecordsUrl']).replace('/services/data/v65.0', '');
    }
    expect(seen).toEqual(['Account 4', 'Account 3', 'Account 2', 'Account 1']);
    expect([org.calls.query, org.calls.queryMore]).toEqual([1, 1]);
  });

  test.each([
    ['SELECT Id FROM', 'MALFORMED_QUERY'],
    ['DELETE FROM Account', 'MALFORMED_QUERY'],
    ['SELECT Id FROM Account WHERE', 'MALFORMED_QUERY'],
    ['SELECT Id FROM Unicorn', 'INVALID_TYPE'],
    ['SELECT Horn__c FROM Account', 'INVALID_FIELD'],
  ])('%s is refused with %s', async (soql, errorCode) => {
    org.setRecords('Account', records);
    const { status, body } = await api(await session(), `/query?q=${encodeURIComponent(soql)}`);
    expect([status, body]).toMatchObject([400, [{ errorCode }]]);
  });

  test('it says who the user is, which versions and which limits there are', async () => {
    const token = await session();
    const headers = { authorization: `Bearer ${token}` };
    const who = await reply(await fetch(`${org.url}/services/oauth2/userinfo`, { headers }));
    expect(who.body).toMatchObject({
      username: login.username,
      preferred_username: login.username,
      organization_id: org.organisationId,
    });
    const versions = await reply(await fetch(`${org.url}/services/data`));
    expect(versions.body).toContainEqual(expect.objectContaining({ version: '65.0' }));
    expect((await api(token, '/limits')).body).toHaveProperty('DailyApiRequests.Remaining');
    expect((await api(token, '/unicorns')).status).toBe(404);
    expect(org.calls.unknown).toBe(1);
  });
});

describe('deployments', () => {
  const manifest = (...members: readonly string[]) => `<?xml version="1.0"?><Package>
    <types>${members.map((name) => `<members>${name}</members>`).join('')}<name>ApexClass</name></types>
    <version>65.0</version></Package>`;
  const zip = (files: Record<string, string>) =>
    zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])));
  const twoClasses = () =>
    zip({
      'package.xml': manifest('First', 'Second'),
      'classes/First.cls': 'public class First {}',
      'classes/First.cls-meta.xml': '<ApexClass/>',
      'classes/Second.cls': 'public class Second {}',
      'classes/Second.cls-meta.xml': '<ApexClass/>',
    });

  function deploy(token: string, content: Uint8Array, options: Json = {}): Promise<Reply> {
    const form = new FormData();
    const deployOptions = { singlePackage: true, rollbackOnError: true, ...options };
    form.append('json', new Blob([JSON.stringify({ deployOptions })], { type: 'application/json' }));
    form.append('file', new Blob([Buffer.from(content)], { type: 'application/zip' }), 'deploy.zip');
    return api(token, '/metadata/deployRequest', { method: 'POST', body: form });
  }

  async function poll(token: string, id: unknown): Promise<Json> {
    const { body } = await api(token, `/metadata/deployRequest/${id}?includeDetails=true`);
    return body['deployResult'] as Json;
  }

  async function pollToEnd(token: string, id: unknown): Promise<Json> {
    for (let polls = 0; polls < 20; polls += 1) {
      const result = await poll(token, id);
      if (result['done']) return result;
    }
    throw new Error('The deployment does not end.');
  }

  test('a deployment goes on from poll to poll and ends with its counts', async () => {
    const token = await session();
    const { status, body } = await deploy(token, twoClasses(), { testLevel: 'RunLocalTests' });
    expect([status, body['id']]).toEqual([201, expect.stringMatching(/^0Af\w{15}$/)]);
    expect(body['deployResult']).toMatchObject({ status: 'Pending', done: false });
    expect(await poll(token, body['id'])).toMatchObject({
      status: 'InProgress',
      numberComponentsDeployed: 0,
    });
    expect(await pollToEnd(token, body['id'])).toMatchObject({
      status: 'Succeeded',
      success: true,
      numberComponentsTotal: 2,
      numberComponentsDeployed: 2,
      numberTestsTotal: 12,
      numberTestsCompleted: 12,
    });
    expect(org.deployments[0]?.package.files['classes/First.cls']).toBe('public class First {}');
  });

  test('an org runs one deployment at a time', async () => {
    const token = await session();
    const first = (await deploy(token, twoClasses())).body['id'];
    const second = (await deploy(token, twoClasses())).body['id'];
    await poll(token, first);
    expect(await poll(token, second)).toMatchObject({ status: 'Pending' });
    await pollToEnd(token, first);
    expect(await pollToEnd(token, second)).toMatchObject({ status: 'Succeeded' });
  });

  test('failures name file, line, column and problem, and tests their message', async () => {
    const token = await session();
    const failure = { fullName: 'Second', line: 3, column: 7, problem: "Unexpected token ')'." };
    org.planDeployments({ componentFailures: [failure] });
    const broken = await pollToEnd(token, (await deploy(token, twoClasses())).body['id']);
    expect(broken).toMatchObject({ status: 'Failed', numberComponentErrors: 1, numberComponentsDeployed: 1 });
    expect(broken['details']).toMatchObject({
      componentFailures: [
        { fullName: 'Second', fileName: 'classes/Second.cls', lineNumber: 3, columnNumber: 7 },
      ],
    });
    const test = {
      name: 'FirstTest',
      method: 'works',
      message: 'Assertion Failed',
      stack: 'Class.FirstTest',
    };
    org.planDeployments({ componentFailures: [], testFailures: [test] });
    const red = await deploy(token, twoClasses(), {
      testLevel: 'RunSpecifiedTests',
      runTests: ['FirstTest'],
    });
    expect(await pollToEnd(token, red.body['id'])).toMatchObject({
      status: 'Failed',
      numberTestErrors: 1,
      details: { runTestResult: { failures: [{ name: 'FirstTest', methodName: 'works' }] } },
    });
  });

  test.each([
    ['no package.xml', zip({ 'classes/First.cls': '' }), 'No package.xml found'],
    ['a member that is not there', zip({ 'package.xml': manifest('Gone') }), 'not found in zipped directory'],
    [
      'a class without its description',
      zip({ 'package.xml': manifest('First'), 'classes/First.cls': '' }),
      'Required file is missing',
    ],
  ])('a package with %s fails', async (_, content, problem) => {
    const token = await session();
    const result = await pollToEnd(token, (await deploy(token, content)).body['id']);
    expect(result).toMatchObject({
      status: 'Failed',
      details: { componentFailures: [{ problem: expect.stringContaining(problem) }] },
    });
  });

  test('what is no zip is refused at once', async () => {
    expect(await deploy(await session(), strToU8('nonsense'))).toMatchObject({ status: 400 });
    expect(org.deployments).toEqual([]);
  });

  test('a cancel is asynchronous, and a finished deployment cannot be cancelled', async () => {
    const token = await session();
    org.holdDeployments(true);
    const { id } = (await deploy(token, twoClasses())).body;
    const cancel = () =>
      api(token, `/metadata/deployRequest/${id}`, {
        method: 'PATCH',
        body: JSON.stringify({ deployResult: { status: 'Canceling' } }),
      });
    expect(await cancel()).toMatchObject({ status: 202, body: { deployResult: { status: 'Canceling' } } });
    expect(await poll(token, id)).toMatchObject({ status: 'Canceled', done: true, success: false });
    expect((await cancel()).status).toBe(400);
  });

  test('DeployRequest lists deployments in the Tooling API only', async () => {
    const token = await session();
    const since = new Date(Date.now() - 1_000).toISOString();
    const { id } = (await deploy(token, twoClasses(), { checkOnly: true })).body;
    org.addDeployment('bob@acme.example');
    const soql = `SELECT Id, Status, CreatedBy.Name FROM DeployRequest
      WHERE CheckOnly = true AND CreatedDate >= ${since} AND Status IN ('Pending', 'InProgress')`;
    const { body } = await api(token, `/tooling/query?q=${encodeURIComponent(soql)}`);
    expect(body['records']).toMatchObject([{ Id: id, Status: 'Pending', CreatedBy: { Name: 'ada' } }]);
    const plain = await api(token, `/query?q=${encodeURIComponent('SELECT Id FROM DeployRequest')}`);
    expect(plain.body).toMatchObject([{ errorCode: 'INVALID_TYPE' }]);
  });

  test('faults come as often as they were planned', async () => {
    const token = await session();
    org.faults.alreadyInProcess(1);
    org.faults.unavailable('deploy', 1, 2);
    org.faults.reset('deploy', 1);
    org.faults.loseAnswer('deploy', 1);
    expect((await deploy(token, twoClasses())).body).toMatchObject([{ errorCode: 'ALREADY_IN_PROCESS' }]);
    const unavailable = await deploy(token, twoClasses());
    expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '2']);
    await expect(deploy(token, twoClasses())).rejects.toThrow();
    expect(org.deployments).toHaveLength(0);
    await expect(deploy(token, twoClasses())).rejects.toThrow();
    expect(org.deployments).toHaveLength(1);
    expect((await deploy(token, twoClasses())).status).toBe(201);
    expect(org.calls.deploy).toBe(5);
  });
});
