import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { API_TOKEN } from '../../../src/contract/access.ts';
import { createToken, hashOf, verifyToken } from '../../../src/daemon/access/tokens.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';

const now = new Date('2026-06-01T12:00:00.000Z');
let home: string;
let store: Store;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'sfp-'));
  store = await openStore({ file: join(home, 'operations.db') });
});
afterEach(async () => {
  await store.close();
  rmSync(home, { recursive: true, force: true });
});

describe('an API token', () => {
  test('is known again by what it is, with its tenant and scopes', async () => {
    const created = await make();
    expect(created.token).toMatch(API_TOKEN);
    const known = await verifyToken(store, created.token, now);
    expect(known).toMatchObject({ id: created.id, tenant: 'acme', scopes: ['operations:read'], name: 'ci' });
    expect(known).not.toHaveProperty('token');
  });

  test('is nowhere on disk but as its hash', async () => {
    const { token } = await make();
    await store.close();
    const bytes = readFileSync(join(home, 'operations.db')).toString('latin1');
    expect(bytes).toContain(hashOf(token));
    expect(bytes).not.toContain(token);
    store = await openStore({ file: join(home, 'operations.db') });
  });

  test('is no other token, however alike', async () => {
    const { token } = await make();
    const flipped = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    for (const other of [flipped, token.toUpperCase(), ` ${token}`, '', null]) {
      await expect(verifyToken(store, other, now)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  test('ends at its expiry', async () => {
    const { token } = await make('2026-06-01T14:01:00.000+02:00');
    const last = new Date('2026-06-01T12:00:59.999Z');
    expect((await verifyToken(store, token, last)).expiresAt).toBe('2026-06-01T12:01:00.000Z');
    await expect(verifyToken(store, token, new Date('2026-06-01T12:01:00.000Z'))).rejects.toMatchObject({
      code: 'token-expired',
    });
  });

  test('ends early where the clock is set forward, holds again where it is set right, and as much longer where it is set back', async () => {
    const { token } = await make('2026-06-02T12:00:00.000Z');
    const ahead = new Date('2026-07-01T12:00:00.000Z');
    await expect(verifyToken(store, token, ahead)).rejects.toMatchObject({ code: 'token-expired' });
    expect(await verifyToken(store, token, now)).toMatchObject({ name: 'ci' });
    expect(await verifyToken(store, token, new Date('2026-05-01T12:00:00.000Z'))).toMatchObject({
      name: 'ci',
    });
  });

  test('is not made when it has expired already', async () => {
    for (const expiresAt of [
      now.toISOString(),
      '2020-01-01T00:00:00Z',
      '2030-01-01T00:00:00Z[Europe/Nowhere]',
    ]) {
      await expect(make(expiresAt)).rejects.toMatchObject({ code: 'invalid-request' });
    }
    expect(await store.listTokens('acme')).toEqual([]);
  });

  test('that was revoked is not known any more', async () => {
    const { id, token } = await make();
    expect(await store.revokeToken('other', id, now.toISOString())).toBe(false);
    await verifyToken(store, token, now);
    expect(await store.revokeToken('acme', id, now.toISOString())).toBe(true);
    await expect(verifyToken(store, token, now)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

async function make(expiresAt: string | null = null) {
  return createToken(store, {
    tenant: 'acme',
    request: { name: 'ci', scopes: ['operations:read'], expiresAt },
    now,
  });
}
