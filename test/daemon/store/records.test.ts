import { describe, expect, test } from 'vitest';
import { at, freshStore, newDelivery, newOperation, ORGANISATION, operationId } from './home.ts';

describe('a delivery', () => {
  test('is kept with its operations and their first events', async () => {
    const { store } = await freshStore();
    const { repeated, delivery } = await store.acceptDelivery(newDelivery(1), [
      newOperation(1),
      newOperation(2),
    ]);
    expect(repeated).toBe(false);
    expect(delivery.operations).toEqual([operationId(1), operationId(2)]);
    expect(delivery).not.toHaveProperty('bodyDigest');
    expect((await store.position()).seq).toBe(2);
    expect((await store.listDeliveries('default', 10, null)).items).toEqual([delivery]);
    expect(await store.findDelivery('default', 'github', 'source-1', 'other')).toEqual(delivery);
    expect(await store.findDelivery('default', 'github', 'other', 'digest-1')).toEqual(delivery);
    expect(await store.findDelivery('default', 'other', 'source-1', 'digest-1')).toBeNull();
  });

  test.each([
    ['the same id', { sourceId: 'source-1' }],
    ['the same body under another id', { bodyDigest: 'digest-1' }],
  ])('that is repeated with %s writes nothing and answers with the first', async (_case, changes) => {
    const { store } = await freshStore();
    const first = await store.acceptDelivery(newDelivery(1), [newOperation(1)]);
    const again = await store.acceptDelivery(newDelivery(2, changes), [newOperation(2)]);
    expect(again).toEqual({ repeated: true, delivery: first.delivery });
    expect(await store.getOperation('default', operationId(2))).toBeNull();
    expect((await store.position()).seq).toBe(1);
  });

  test('that comes many times at once makes one operation', async () => {
    const { store } = await freshStore();
    const all = Array.from({ length: 50 }, (_, index) =>
      store.acceptDelivery(newDelivery(index + 1, { sourceId: 'one' }), [newOperation(index + 1)]),
    );
    const answers = await Promise.all(all);
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(answers.map(({ delivery }) => delivery.id)).size).toBe(1);
    expect(await store.counts('default')).toMatchObject({ queued: 1 });
  });

  test('whose operation cannot be kept leaves nothing behind', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(2), null);
    const twice = store.acceptDelivery(newDelivery(1), [newOperation(1), newOperation(2)]);
    await expect(twice).rejects.toThrow('UNIQUE');
    expect(await store.findDelivery('default', 'github', 'source-1', 'digest-1')).toBeNull();
    expect(await store.getOperation('default', operationId(1))).toBeNull();
    expect((await store.position()).seq).toBe(1);
  });

  test('is listed newest first, in pages, per tenant', async () => {
    const { store } = await freshStore();
    for (const number of [1, 2, 3])
      await store.acceptDelivery(newDelivery(number, { outcome: 'no-rule', rule: null }), []);
    await store.acceptDelivery(newDelivery(4, { tenant: 'other' }), []);
    const first = await store.listDeliveries('default', 2, null);
    const second = await store.listDeliveries('default', 2, first.nextCursor);
    expect([...first.items, ...second.items].map(({ sourceId }) => sourceId)).toEqual([
      'source-3',
      'source-2',
      'source-1',
    ]);
    expect(second.nextCursor).toBeNull();
  });
});

describe('an API token', () => {
  const token = {
    id: 'tk_00000000000000000000000001',
    tenant: 'default',
    hash: 'a'.repeat(64),
    name: 'ci',
    scopes: ['operations:read' as const],
    createdAt: at(0),
    expiresAt: at(500),
  };

  test('is found by its hash; after it expired too, which is no use of it', async () => {
    const { store } = await freshStore();
    const created = await store.createToken(token);
    expect(created).not.toHaveProperty('hash');
    expect(await store.findToken(token.hash, at(500))).toEqual(created);
    expect(await store.findToken('b'.repeat(64), at(1))).toBeNull();
    expect(await store.listTokens('default')).toEqual([created]);
    expect(await store.listTokens('other')).toEqual([]);
  });

  test('notes its use at most once a minute', async () => {
    const { store } = await freshStore();
    await store.createToken(token);
    const uses = [];
    for (const seconds of [1, 60, 61])
      uses.push((await store.findToken(token.hash, at(seconds)))?.lastUsedAt);
    expect(uses).toEqual([at(1), at(1), at(61)]);
    expect((await store.listTokens('default')).map(({ lastUsedAt }) => lastUsedAt)).toEqual([at(61)]);
  });

  test('is gone once revoked', async () => {
    const { store } = await freshStore();
    await store.createToken(token);
    expect(await store.revokeToken('other', token.id, at(1))).toBe(false);
    expect(await store.revokeToken('default', token.id, at(1))).toBe(true);
    expect(await store.revokeToken('default', token.id, at(2))).toBe(false);
    expect(await store.findToken(token.hash, at(3))).toBeNull();
    expect(await store.listTokens('default')).toEqual([]);
  });
});

describe('an org', () => {
  const registration = {
    kind: 'jwt' as const,
    username: 'ann@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: ORGANISATION,
  };

  test('is registered, changed, listed and removed', async () => {
    const { store } = await freshStore();
    await store.putOrg('default', 'uat', registration, at(1));
    await store.putOrg('default', 'dev', registration, at(1));
    await store.putOrg('other', 'uat', registration, at(1));
    const changed = await store.putOrg(
      'default',
      'uat',
      { ...registration, username: 'bob@example.com' },
      at(2),
    );
    expect(changed).toMatchObject({ alias: 'uat', username: 'bob@example.com', registeredAt: at(2) });
    expect((await store.listOrgs('default')).map(({ alias }) => alias)).toEqual(['dev', 'uat']);
    expect(await store.deleteOrg('default', 'uat')).toBe(true);
    expect(await store.deleteOrg('default', 'uat')).toBe(false);
    expect(await store.getOrganisationId('default', 'uat')).toBeNull();
    expect(await store.getOrganisationId('other', 'uat')).not.toBeNull();
  });

  test('shows what runs and waits in its lane', async () => {
    const { store } = await freshStore();
    await store.putOrg('default', 'uat', registration, at(0));
    for (const number of [1, 2]) await store.accept(newOperation(number), null);
    await store.accept(newOperation(3, { scheduledFor: at(99) }), null);
    await store.claim(at(5));
    expect((await store.listOrgs('default'))[0]?.lane).toEqual({
      paused: null,
      locks: [],
      running: [operationId(1)],
      waiting: [
        { operation: operationId(2), waitingFor: { reason: 'org', operation: operationId(1), place: 1 } },
        { operation: operationId(3), waitingFor: { reason: 'schedule', until: at(99) } },
      ],
    });
  });

  test('has one organisation id, whether it came with 15 or 18 characters', async () => {
    const { store } = await freshStore();
    const org = await store.putOrg(
      'default',
      'uat',
      { ...registration, organisationId: ORGANISATION.slice(0, 15) },
      at(0),
    );
    expect(org.organisationId).toBe(ORGANISATION);
  });
});

describe('an upload', () => {
  test('is there until it expires, for its tenant', async () => {
    const { store } = await freshStore();
    const upload = {
      id: 'up_1',
      tenant: 'default',
      sha256: 'x',
      bytes: 7,
      createdAt: at(0),
      expiresAt: at(10),
    };
    await store.recordUpload(upload);
    await store.recordUpload({ ...upload, id: 'up_2', expiresAt: at(20) });
    expect(await store.getUpload('default', 'up_1', at(9))).toEqual(upload);
    expect(await store.getUpload('other', 'up_1', at(9))).toBeNull();
    expect(await store.getUpload('default', 'up_1', at(10))).toBeNull();
    expect(await store.expireUploads(at(10))).toEqual([upload]);
    expect(await store.expireUploads(at(10))).toEqual([]);
    expect(await store.getUpload('default', 'up_2', at(10))).not.toBeNull();
  });
});
