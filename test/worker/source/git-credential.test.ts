import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importSPKI, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGitCredential } from '../../../src/worker/source/git-credential.ts';
import type { Work } from '../../../src/worker/work.ts';
import { createKeyPair } from '../../support/salesforce/accounts.ts';

const ACCOUNT = 'secret/default/crm';
const TOKEN = `ghs_${'a'.repeat(36)}`;

const read = async (stored: string | null) => {
  const hidden: string[] = [];
  const work = {
    vault: async () => ({ get: async () => stored }),
    hide: (secret: string) => void hidden.push(secret),
    signal: new AbortController().signal,
  } as unknown as Work;
  return { credential: await readGitCredential(work, ACCOUNT), hidden };
};

describe('a secret for Git', () => {
  test('is a key with its hosts, a password, or a text that is either', async () => {
    const ssh = { kind: 'git-ssh', privateKey: 'KEY', knownHosts: 'github.com ssh-ed25519 AAAA' };
    expect(await read(JSON.stringify(ssh))).toEqual({
      credential: { kind: 'key', privateKey: 'KEY', knownHosts: ssh.knownHosts },
      hidden: ['KEY'],
    });
    const token = { kind: 'git-token', username: 'ada', token: 'ghp_1' };
    const password = { kind: 'password', username: 'ada', password: 'ghp_1' };
    expect((await read(JSON.stringify(token))).credential).toEqual(password);
    expect(await read('ada:ghp_1')).toEqual({ credential: password, hidden: ['ada:ghp_1', 'ghp_1'] });
    expect((await read('ghp_1')).credential).toMatchObject({ username: 'x-access-token' });
    const pem = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----';
    expect((await read(pem)).credential).toEqual({ kind: 'key', privateKey: pem, knownHosts: null });
  });

  test('is not there, or for something else', async () => {
    await expect(read(null)).rejects.toMatchObject({ code: 'secret-missing' });
    const npm = JSON.stringify({ kind: 'npm', registry: 'https://registry.npmjs.org', token: 'npm_1' });
    await expect(read(npm)).rejects.toMatchObject({ code: 'secret-invalid' });
  });
});

describe('a GitHub app', () => {
  const { privateKey, publicKey } = createKeyPair();
  let server: Server;
  let apiUrl: string;
  let answer: { status: number; body: string };
  let asked: { method: string; url: string; authorization: string } | null;

  beforeEach(async () => {
    answer = { status: 201, body: JSON.stringify({ token: TOKEN, expires_at: '2026-11-26T23:00:00Z' }) };
    asked = null;
    server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      asked = { method, url, authorization: headers.authorization ?? '' };
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  const app = () =>
    JSON.stringify({ kind: 'github-app', appId: '12', installationId: '34', privateKey, apiUrl });

  test('gets a token of its installation just in time, by a JWT that GitHub takes, and hides both', async () => {
    const { credential, hidden } = await read(app());
    expect(credential).toEqual({ kind: 'password', username: 'x-access-token', password: TOKEN });
    expect(hidden).toEqual([privateKey, TOKEN]);
    expect(asked).toMatchObject({ method: 'POST', url: '/app/installations/34/access_tokens' });
    const jwt = asked?.authorization.replace('Bearer ', '') ?? '';
    const { payload } = await jwtVerify(jwt, await importSPKI(publicKey, 'RS256'));
    expect(payload.iss).toBe('12');
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(600);
  });

  test('that GitHub refuses says what GitHub said', async () => {
    answer = { status: 401, body: '{"message":"A JSON web token could not be decoded"}' };
    const error = await read(app()).catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: 'git-failed',
      message: expect.stringContaining('could not be decoded'),
    });
    answer = { status: 502, body: '<html>' };
    await expect(read(app())).rejects.toMatchObject({ code: 'git-failed' });
    server.close();
    server.closeAllConnections();
    await expect(read(app())).rejects.toMatchObject({ code: 'git-failed' });
  });

  test('with a key that is none says so', async () => {
    const broken = JSON.stringify({ ...JSON.parse(app()), privateKey: 'no key' });
    await expect(read(broken)).rejects.toMatchObject({ code: 'secret-damaged' });
  });
});
