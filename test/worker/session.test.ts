import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOGIN_IN_USE } from '../../src/contract/worker-protocol.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { until } from '../support/until.ts';
import { ACCOUNT, type Behaviour, createBench, type WorkerBench } from './worker-bench.ts';

let bench: WorkerBench;
let org: SalesforceStandIn;

beforeEach(async () => {
  bench = createBench();
  org = await startSalesforce();
});

afterEach(async () => {
  await bench.remove();
  await org.stop();
});

const identify = (behaviour: Behaviour = {}) =>
  bench.start({ task: 'salesforce.identity', input: {} }, behaviour);
const failure = async (behaviour: Behaviour = {}) => {
  const worker = await identify(behaviour);
  const { outcome } = await worker.ended;
  return outcome?.state === 'failed' ? { ...outcome.error, heard: worker.heard() } : outcome;
};
const storeRefreshLogin = async (wish: Parameters<SalesforceStandIn['addRefreshLogin']>[0] = {}) => {
  const { url: _, username: __, ...login } = org.addRefreshLogin(wish);
  await bench.storeSecret(ACCOUNT, JSON.stringify({ kind: 'sfdx-url', ...login }));
  return login;
};
const storedToken = async () => JSON.parse((await bench.readSecret(ACCOUNT)) ?? '{}').refreshToken;

describe('a session', () => {
  test('comes from a refresh token that stays', async () => {
    const login = await storeRefreshLogin({ clientSecret: 'client-secret-canary' });
    const { outcome } = await (await identify()).ended;
    expect(outcome).toMatchObject({ state: 'succeeded', result: { username: 'ada@acme.example' } });
    expect(await storedToken()).toBe(login.refreshToken);
  });

  test('stores a rotated token under the lock, before the session is used', async () => {
    const login = await storeRefreshLogin({ rotation: true });
    const seen: { kind: string; token: string; identities: number }[] = [];
    const worker = await identify({
      async onAsk({ kind }) {
        seen.push({ kind, token: await storedToken(), identities: org.calls.identity });
        return undefined;
      },
    });
    expect((await worker.ended).outcome).toMatchObject({ state: 'succeeded' });
    const rotated = org.currentRefreshToken(login.refreshToken);
    expect(rotated).not.toBe(login.refreshToken);
    expect(seen).toEqual([
      { kind: 'session-lock', token: login.refreshToken, identities: 0 },
      { kind: 'session-begin', token: rotated, identities: 0 },
      { kind: 'session-end', token: rotated, identities: 1 },
      { kind: 'session-revoked', token: rotated, identities: 1 },
    ]);
    expect((await (await identify()).ended).outcome).toMatchObject({ state: 'succeeded' });
  });

  test('reads the login only when it holds the lock, because another worker may have replaced it', async () => {
    const first = await storeRefreshLogin({ rotation: true });
    const good = await bench.readSecret(ACCOUNT);
    await bench.storeSecret(ACCOUNT, JSON.stringify({ ...JSON.parse(good ?? ''), refreshToken: 'used-up' }));
    const worker = await identify({
      onAsk: async ({ kind }) =>
        kind === 'session-lock' ? void (await bench.storeSecret(ACCOUNT, good ?? '')) : undefined,
    });
    expect((await worker.ended).outcome).toMatchObject({ state: 'succeeded' });
    expect(org.currentRefreshToken(first.refreshToken)).toBe(await storedToken());
  });

  test('is not cut off between the rotation and its storing', async () => {
    const login = await storeRefreshLogin({ rotation: true });
    org.faults.slow('token', 300);
    const worker = await identify({
      onAsk: ({ kind }) => void (kind === 'session-lock' && setTimeout(() => worker.cancel('request'), 50)),
    });
    expect((await worker.ended).outcome).toEqual({ state: 'cancelled', result: null });
    expect(await storedToken()).toBe(org.currentRefreshToken(login.refreshToken));
  });

  test('comes to an app that logs in by itself, and to a sandbox with the app of its production org', async () => {
    const app = { kind: 'client-credentials', ...org.addClientCredentialsLogin('app@acme.example') };
    await bench.storeSecret(ACCOUNT, JSON.stringify(app));
    const { outcome } = await (await identify()).ended;
    expect(outcome).toMatchObject({ state: 'succeeded', result: { username: 'app@acme.example' } });
    const login = { kind: 'jwt', ...org.addJwtLogin('ada@acme.example.dev1') };
    const sandbox = { kind: 'sandbox', production: 'prod', name: 'dev1', login };
    await bench.storeSecret(ACCOUNT, JSON.stringify(sandbox));
    const second = await (await identify()).ended;
    expect(second.outcome).toMatchObject({ result: { username: 'ada@acme.example.dev1' } });
    expect(org.liveSessions()).toBe(0);
  });

  test('that was given is used and left as it is; one that has ended is refused, and there is no other', async () => {
    const given = org.addAccessToken();
    await bench.storeSecret(ACCOUNT, JSON.stringify({ kind: 'access-token', ...given }));
    const worker = await identify();
    expect((await worker.ended).outcome).toMatchObject({ state: 'succeeded' });
    expect(worker.asks.map(({ kind }) => kind)).toEqual(['session-lock', 'session-begin']);
    expect(org.calls).toMatchObject({ token: 0, revoke: 0 });
    expect(org.liveSessions()).toBe(1);
    org.faults.expireSessions();
    const refused = await failure();
    expect(refused).toMatchObject({ code: 'login-refused', retryable: false });
    expect(JSON.stringify(refused)).not.toContain(given.accessToken);
  });

  test('that was rotated does not take the place of a login that somebody stored meanwhile', async () => {
    await storeRefreshLogin({ rotation: true });
    const { url: _, username: __, ...other } = org.addRefreshLogin({ rotation: true });
    org.faults.slow('token', 500);
    const worker = await identify({
      async onAsk({ kind }) {
        if (kind !== 'session-lock') return undefined;
        setTimeout(
          () => void bench.storeSecret(ACCOUNT, JSON.stringify({ kind: 'sfdx-url', ...other })),
          100,
        );
        return undefined;
      },
    });
    expect((await worker.ended).outcome).toMatchObject({ state: 'succeeded' });
    expect(await storedToken()).toBe(other.refreshToken);
  });

  test('whose token is with the org is marked as long as that, so that nobody ends its worker', async () => {
    await storeRefreshLogin({ rotation: true });
    const marked: boolean[] = [];
    org.faults.slow('token', 300);
    const mark = join(bench.workspace, LOGIN_IN_USE);
    const worker = await identify({
      onAsk({ kind }) {
        if (kind === 'session-begin') marked.push(existsSync(mark));
        return undefined;
      },
    });
    await until(() => existsSync(mark));
    await worker.ended;
    expect(marked).toEqual([false]);
  });

  test('that the org refuses says so in the words of Salesforce', async () => {
    const login = org.addJwtLogin();
    const other = org.addJwtLogin('bob@acme.example');
    const stored = { kind: 'jwt', ...login, privateKey: other.privateKey };
    await bench.storeSecret(ACCOUNT, JSON.stringify(stored));
    expect(await failure()).toMatchObject({
      code: 'login-refused',
      message: expect.stringContaining('invalid_grant, invalid assertion'),
      retryable: false,
    });
  });

  test('with an org that does not answer may be tried again', async () => {
    const login = org.addJwtLogin();
    await bench.storeSecret(ACCOUNT, JSON.stringify({ kind: 'jwt', ...login }));
    await org.stop();
    expect(await failure()).toMatchObject({ code: 'org-unreachable', retryable: true });
  });

  test('needs a login in the vault, and a sound one', async () => {
    expect(await failure()).toMatchObject({ code: 'secret-missing' });
    await bench.storeSecret(ACCOUNT, 'no login');
    expect(await failure()).toMatchObject({ code: 'secret-damaged' });
    await bench.storeSecret(
      ACCOUNT,
      JSON.stringify({ kind: 'jwt', ...org.addJwtLogin(), privateKey: 'no key' }),
    );
    expect(await failure()).toMatchObject({ code: 'secret-damaged' });
  });

  test('leaves no secret in anything that the worker said', async () => {
    const login = await storeRefreshLogin({ rotation: true, clientSecret: 'client-secret-canary' });
    org.setRecords('Account', [
      { Id: '001000000000001', Name: 'client-secret-canary', Url: login.refreshToken },
    ]);
    const worker = await bench.start({
      task: 'salesforce.query',
      input: { soql: 'SELECT Id, Name, Url FROM Account' },
    });
    expect((await worker.ended).outcome).toMatchObject({
      state: 'succeeded',
      result: { records: [{ Name: '[redacted]', Url: '[redacted]' }] },
    });
    const secrets = ['client-secret-canary', login.refreshToken, await storedToken()];
    for (const secret of secrets) expect(worker.heard()).not.toContain(secret);
    expect(worker.heard()).not.toMatch(/00D\w+!/);
  });
});
