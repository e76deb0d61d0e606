import { expect, test } from 'vitest';
import { sandboxLogin } from '../../src/cli/sandbox-login.ts';

const WISH = { production: 'prod', name: 'Dev1', username: null, loginUrl: null };
const turn = (login: object, wish: Partial<Parameters<typeof sandboxLogin>[2]> = {}) =>
  sandboxLogin({ get: async () => JSON.stringify(login) }, 'default', { ...WISH, ...wish });

const JWT = {
  kind: 'jwt',
  clientId: '3MVG9',
  username: 'ada@acme.example',
  privateKey: 'PEM',
  loginUrl: 'https://login.salesforce.com',
};
const APP = {
  kind: 'client-credentials',
  clientId: '3MVG9',
  clientSecret: 'shh',
  loginUrl: 'https://acme.my.salesforce.com',
};

test('a login with a key is turned to the user of the sandbox, at the host of all sandboxes or its own', async () => {
  expect((await turn(JWT)).login).toEqual({
    ...JWT,
    username: 'ada@acme.example.dev1',
    loginUrl: 'https://test.salesforce.com',
  });
  const own = { username: 'ci@acme.example.dev1', loginUrl: 'https://acme--dev1.sandbox.my.salesforce.com' };
  expect((await turn(JWT, own)).login).toEqual({ ...JWT, ...own });
});

test("a login of an app is turned to the sandbox's own domain", async () => {
  const loginUrl = 'https://acme--dev1.sandbox.my.salesforce.com';
  expect((await turn(APP)).login).toEqual({ ...APP, loginUrl });
  await expect(turn({ ...APP, loginUrl: 'https://crm.acme.example' })).rejects.toThrow(/does not follow/);
});

test('a name that no sandbox has, and a login that holds in one org alone, are refused', async () => {
  await expect(turn(JWT, { name: 'much-too-long-a-name' })).rejects.toThrow(/no name of a sandbox/);
  const given = {
    kind: 'access-token',
    accessToken: '00D5g000004AcMe!AQ',
    instanceUrl: 'https://acme.example',
  };
  await expect(turn(given)).rejects.toThrow(/holds in that org alone/);
});
