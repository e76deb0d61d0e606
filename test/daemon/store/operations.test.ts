import { describe, expect, test } from 'vitest';
import type { OrgRegistration } from '../../../src/contract/org.ts';
import type { NewOperation, OperationFilter } from '../../../src/daemon/store/port.ts';
import { at, ERROR, freshStore, look, newOperation, ORGANISATION, operationId, shared } from './home.ts';

const ALL: OperationFilter = {
  tenant: 'default',
  states: null,
  org: null,
  task: null,
  label: null,
  limit: 100,
  cursor: null,
};

const SAID: Partial<NewOperation> = {
  priority: 'batch',
  onWorkerLoss: 'indeterminate',
  overrideWindow: 'the fix of an outage',
  retryOf: operationId(90),
  labels: { team: 'crm', from: 'ci' },
  origin: { kind: 'api', name: 'ci' },
};

describe('an accepted operation', () => {
  test('is read back as it came, waiting for its turn', async () => {
    const { store } = await freshStore();
    const wanted = newOperation(1, {
      labels: { team: 'crm' },
      priority: 'critical',
      retryOf: operationId(9),
    });
    const { operation } = (await store.accept(wanted, null)) as { operation: unknown };
    expect(operation).toEqual({
      id: wanted.id,
      task: 'salesforce.deploy',
      tenant: 'default',
      org: 'uat',
      state: 'queued',
      priority: 'critical',
      input: { number: 1 },
      result: null,
      error: null,
      progress: null,
      attempt: 0,
      maxAttempts: 3,
      timeoutSeconds: 600,
      onWorkerLoss: null,
      pool: null,
      overrideWindow: null,
      waitingFor: { reason: 'capacity' },
      retryOf: operationId(9),
      cancelRequestedAt: null,
      resolution: null,
      labels: { team: 'crm' },
      origin: { kind: 'api', name: null },
      createdAt: at(1),
      scheduledFor: null,
      startedAt: null,
      finishedAt: null,
    });
    expect(await store.getOperation('default', wanted.id)).toEqual(operation);
  });

  test.each<[string, Partial<NewOperation>]>([
    ['at once', {}],
    ['later', { scheduledFor: at(500) }],
    ['in no org', { org: null, lane: null }],
    ['in a pool', { org: null, lane: null, pool: { name: 'ci', mode: 'shared' } }],
    ['shared', { lane: shared, labels: { team: 'crm', from: 'ci' } }],
    ['with all that it may say', { ...SAID, supersede: { key: 'k', running: 'keep' } }],
    ['in the place of another one', { supersede: { key: 'older', running: 'cancel' } }],
    ['before all others', { priority: 'critical' }],
    ['behind all others', { priority: 'batch' }],
  ])('%s is answered as it is read, whoever is before it', async (_how, changes) => {
    const { store } = await freshStore();
    const accept = async (wanted: NewOperation): Promise<void> => {
      const acceptance = await store.accept(wanted, null);
      const operation = await store.getOperation('default', wanted.id);
      expect(operation?.id).toBe(wanted.id);
      expect(acceptance).toEqual({ outcome: 'created', operation });
    };
    const org = {
      kind: 'jwt',
      username: 'a',
      instanceUrl: 'https://o.example',
      organisationId: ORGANISATION,
    };
    await store.putOrg('default', 'uat', org as OrgRegistration, at(0));
    await accept(newOperation(1, changes));
    await accept(newOperation(2, { lane: shared, supersede: { key: 'older', running: 'keep' } }));
    await accept(newOperation(3, changes));
    await store.claim(at(4));
    await accept(newOperation(5, changes));
    const lock = { id: `lk_${'6'.padStart(26, '0')}`, ttlSeconds: 60, note: null, by: 'ann', at: at(6) };
    await store.createLock('default', 'uat', lock);
    await accept(newOperation(7, changes));
    await store.pauseLane('default', 'uat', { by: 'ann', reason: 'r', at: at(8) });
    await accept(newOperation(9, changes));
    await store.pauseServer({ by: 'ann', reason: null, at: at(10) });
    await accept(newOperation(11, changes));
  });

  test('begins its history with one event', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    const filter = { tenant: 'default', operation: operationId(1), org: null, afterSeq: 0, limit: 10 };
    expect(await store.listEvents(filter)).toEqual([
      {
        seq: 1,
        operation: operationId(1),
        tenant: 'default',
        org: 'uat',
        attempt: 0,
        at: at(1),
        body: { type: 'created', task: 'salesforce.deploy', state: 'queued' },
      },
    ]);
    expect((await store.position()).seq).toBe(1);
    expect(await store.prunedUpTo()).toBe(0);
  });

  test('is not seen by another tenant', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    expect(await store.getOperation('other', operationId(1))).toBeNull();
    expect(await store.requestCancel('other', operationId(1), null, at(2))).toBeNull();
    expect((await store.listOperations({ ...ALL, tenant: 'other' })).items).toEqual([]);
    const filter = { tenant: 'other', operation: operationId(1), org: null, afterSeq: 0, limit: 10 };
    expect(await store.listEvents(filter)).toEqual([]);
  });

  test('that is to run later waits for its time, and is queued when it has come', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { scheduledFor: at(60) }), null);
    await store.accept(newOperation(2, { scheduledFor: at(90) }), null);
    expect(await store.getOperation('default', operationId(1))).toMatchObject({
      state: 'scheduled',
      waitingFor: { reason: 'schedule', until: at(60) },
    });
    expect(await store.claim(at(5))).toBeNull();
    expect(await store.promoteDue(at(59))).toEqual({ promoted: 0, nextAt: at(60) });
    expect(await store.promoteDue(at(60))).toEqual({ promoted: 1, nextAt: at(90) });
    expect((await store.claim(at(61)))?.operation.id).toBe(operationId(1));
    expect(await store.promoteDue(at(90))).toEqual({ promoted: 1, nextAt: null });
  });
});

describe('a clock that was set back a day', () => {
  const DAY = 86_400;

  test('makes no further attempt wait for a day', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(DAY));
    const later = { to: 'scheduled', at: at(DAY + 2), reason: 'lost', error: ERROR } as const;
    await store.settle(operationId(1), 1, later, at(DAY));
    expect(await store.promoteDue(at(0))).toMatchObject({ promoted: 0 });
    expect(await store.promoteDue(at(0), true)).toEqual({ promoted: 1, nextAt: null });
    expect((await store.claim(at(1)))?.operation).toMatchObject({ id: operationId(1), attempt: 2 });
  });

  test('leaves a back-off that is no longer than any, and a time that somebody chose', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2));
    const later = { to: 'scheduled', at: at(300), reason: 'lost', error: ERROR } as const;
    await store.settle(operationId(1), 1, later, at(3));
    await store.accept(newOperation(2, { lane: null, org: null, scheduledFor: at(DAY) }), null);
    expect(await store.promoteDue(at(4), true)).toEqual({ promoted: 0, nextAt: at(300) });
  });
});

describe('the list of operations', () => {
  test('comes newest first, in pages, without input and result', async () => {
    const { store } = await freshStore();
    for (let number = 1; number <= 5; number += 1) await store.accept(newOperation(number), null);
    const first = await store.listOperations({ ...ALL, limit: 3 });
    const second = await store.listOperations({ ...ALL, limit: 3, cursor: first.nextCursor });
    expect(first.items.map(({ id }) => id)).toEqual([5, 4, 3].map(operationId));
    expect(second.items.map(({ id }) => id)).toEqual([2, 1].map(operationId));
    expect(second.nextCursor).toBeNull();
    expect(first.items[0]).not.toHaveProperty('input');
    expect(first.items[0]).not.toHaveProperty('result');
  });

  test('is narrowed by states, org, task and label, alone and together', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { labels: { team: 'crm', 'a"b': 'x' } }), null);
    await store.accept(newOperation(2, { org: 'prod', labels: { team: 'erp' } }), null);
    await store.accept(
      newOperation(3, { task: 'salesforce.query', lane: shared, labels: { team: 'crm' } }),
      null,
    );
    await store.requestCancel('default', operationId(2), null, at(9));
    await store.claim(at(10));
    const ids = async (filter: Partial<OperationFilter>) =>
      (await store.listOperations({ ...ALL, ...filter })).items.map(({ id }) => Number(id.slice(3)));
    expect(await ids({ states: ['running'] })).toEqual([1]);
    expect(await ids({ states: ['queued', 'cancelled', 'queued'] })).toEqual([3, 2]);
    expect(await ids({ states: [] })).toEqual([]);
    expect(await ids({ org: 'prod' })).toEqual([2]);
    expect(await ids({ task: 'salesforce.query' })).toEqual([3]);
    expect(await ids({ label: { name: 'team', value: 'crm' } })).toEqual([3, 1]);
    expect(await ids({ label: { name: 'a"b', value: 'x' } })).toEqual([1]);
    expect(
      await ids({
        label: { name: 'team', value: 'crm' },
        states: ['running', 'queued'],
        org: 'uat',
        task: 'salesforce.deploy',
      }),
    ).toEqual([1]);
    expect(await ids({ states: ['running', 'queued'], limit: 1 })).toEqual([3]);
  });

  test('is counted by what has not ended', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3, { tenant: 'other' }), null);
    await store.accept(newOperation(4, { scheduledFor: at(99) }), null);
    await store.claim(at(5));
    expect(await store.counts('default')).toEqual({ scheduled: 1, queued: 1, running: 1 });
    expect(await store.counts('other')).toEqual({ scheduled: 0, queued: 1, running: 0 });
    expect(await store.counts(null)).toEqual({ scheduled: 1, queued: 2, running: 1 });
  });
});

describe('idempotency', () => {
  const key = { token: 'tk_1', key: 'k', digest: 'a', expiresAt: at(100) };

  test('a repeated key answers with the first operation', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), key);
    expect(await store.accept(newOperation(2), key)).toMatchObject({
      outcome: 'replayed',
      operation: { id: operationId(1), input: { number: 1 } },
    });
    expect(await store.accept(newOperation(3), { ...key, digest: 'b' })).toEqual({ outcome: 'conflict' });
    expect(await store.counts('default')).toMatchObject({ queued: 1 });
  });

  test('a key belongs to one token and one tenant', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), key);
    expect((await store.accept(newOperation(2), { ...key, token: 'tk_2' })).outcome).toBe('created');
    expect((await store.accept(newOperation(3, { tenant: 'other' }), key)).outcome).toBe('created');
  });

  test('an expired key is forgotten', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), key);
    expect((await store.accept(newOperation(99), key)).outcome).toBe('replayed');
    expect((await store.accept(newOperation(100), key)).outcome).toBe('created');
  });

  test('expired keys go, some with every few new ones', async () => {
    const { store, file } = await freshStore();
    const keep = (from: number, createdAt: string, expiresAt: string) =>
      Promise.all(
        Array.from({ length: 300 }, (_, index) =>
          store.accept(newOperation(from + index, { createdAt }), {
            ...key,
            key: `k${from + index}`,
            expiresAt,
          }),
        ),
      );
    await keep(1, at(1), at(100));
    await keep(301, at(200), at(300));
    const kept = look(file).prepare('SELECT expires_at AS at, count(*) AS n FROM idempotency GROUP BY 1');
    expect(kept.all()).toEqual([{ at: at(300), n: 300 }]);
  });

  test('a hundred requests with one key at the same time make one operation', async () => {
    const { store } = await freshStore();
    const all = Array.from({ length: 100 }, (_, index) =>
      store.accept(newOperation(index + 1, { createdAt: at(1) }), key),
    );
    const outcomes = (await Promise.all(all)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'replayed')).toHaveLength(99);
    expect(await store.counts('default')).toMatchObject({ queued: 1 });
  });
});
