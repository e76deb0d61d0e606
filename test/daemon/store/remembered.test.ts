import { describe, expect, test } from 'vitest';
import type { ApiToken } from '../../../src/contract/access.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { rememberAnswers } from '../../../src/daemon/store/remembered.ts';
import { at, freshStore } from './home.ts';

const HASH = 'a'.repeat(64);
const TOKEN: ApiToken = {
  id: 'tk_1',
  name: 'ci',
  tenant: 'default',
  scopes: ['operations:write'],
  createdAt: at(0),
  expiresAt: null,
  lastUsedAt: at(0),
};

/** A store whose answers are given by hand, and that counts what it is asked. */
function played(changes: Partial<Store>) {
  const asked: string[] = [];
  const counted = Object.entries(changes).map(([verb, answer]) => [
    verb,
    (...args: never[]) => {
      asked.push(verb);
      return (answer as (...args: never[]) => unknown)(...args);
    },
  ]);
  return { store: rememberAnswers(Object.fromEntries(counted) as Store), asked };
}

describe('a token', () => {
  test('is read once, and its use is noted once a minute', async () => {
    const noted: string[] = [];
    const { store, asked } = played({
      findToken: async () => TOKEN,
      noteTokenUse: async (_id, now) => void noted.push(now),
    });
    const seen = [];
    for (const seconds of [0, 1, 59, 60, 61, 120]) {
      seen.push((await store.findToken(HASH, at(seconds)))?.lastUsedAt);
    }
    expect(seen).toEqual([at(0), at(0), at(0), at(60), at(60), at(120)]);
    expect(noted).toEqual([at(60), at(120)]);
    expect(asked.filter((verb) => verb === 'findToken')).toHaveLength(1);
  });

  test('is noted also after the clock was set back', async () => {
    const noted: string[] = [];
    const { store } = played({
      findToken: async () => ({ ...TOKEN, lastUsedAt: at(86_400) }),
      noteTokenUse: async (_id, now) => void noted.push(now),
    });
    await store.findToken(HASH, at(0));
    expect(noted).toEqual([at(0)]);
  });

  test('is known also where its use cannot be noted, and is not waited for', async () => {
    const { store } = played({
      findToken: async () => TOKEN,
      noteTokenUse: () => Promise.reject(new Error('The disk is full.')),
    });
    expect(await store.findToken(HASH, at(60))).toMatchObject({ id: 'tk_1' });
  });

  test('that nobody knows is looked for each time', async () => {
    const { store, asked } = played({ findToken: async () => null });
    for (const seconds of [0, 1]) expect(await store.findToken(HASH, at(seconds))).toBeNull();
    expect(asked).toHaveLength(2);
  });

  test('is not found any more once its revocation was answered', async () => {
    const { store } = await freshStore();
    const { expiresAt, createdAt, id, tenant, name, scopes } = TOKEN;
    await store.createToken({ id, tenant, name, scopes, hash: HASH, createdAt, expiresAt });
    expect(await store.findToken(HASH, at(1))).toMatchObject({ id: 'tk_1' });
    expect(await store.revokeToken('default', 'tk_1', at(2))).toBe(true);
    expect(await store.findToken(HASH, at(2))).toBeNull();
  });

  test('is not kept when it was revoked while its answer was on its way', async () => {
    const answer = Promise.withResolvers<ApiToken | null>();
    let revoked = false;
    const { store } = played({
      findToken: () => (revoked ? Promise.resolve(null) : answer.promise),
      async revokeToken() {
        revoked = true;
        return true;
      },
    });
    const early = store.findToken(HASH, at(1));
    await store.revokeToken('default', 'tk_1', at(1));
    answer.resolve(TOKEN);
    expect(await early).toEqual(TOKEN);
    expect(await store.findToken(HASH, at(1))).toBeNull();
  });

  test('is read again also when nobody knows whether its revocation was written', async () => {
    const { store, asked } = played({
      findToken: async () => TOKEN,
      revokeToken: () => Promise.reject(new Error('the answer was lost')),
    });
    await store.findToken(HASH, at(1));
    await expect(store.revokeToken('default', 'tk_1', at(1))).rejects.toThrow();
    await store.findToken(HASH, at(1));
    expect(asked).toEqual(['findToken', 'revokeToken', 'findToken']);
  });
});

test('the lane of an alias changes with its registration, for its tenant alone', async () => {
  const { store } = await freshStore();
  const registration = {
    kind: 'jwt',
    username: 'ci@example.com',
    instanceUrl: 'https://example.com',
  } as const;
  const ids = ['00D000000000001EAA', '00D000000000002EAA'] as const;
  for (const organisationId of ids) {
    await store.putOrg('default', 'uat', { ...registration, organisationId }, at(1));
    expect(await store.getOrganisationId('default', 'uat')).toBe(organisationId);
    expect(await store.getOrganisationId('other', 'uat')).toBeNull();
  }
  await store.deleteOrg('default', 'uat');
  expect(await store.getOrganisationId('default', 'uat')).toBeNull();
});
