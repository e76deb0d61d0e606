import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { DELIVERY_OUTCOMES } from '../../../src/contract/delivery.ts';
import type { OperationEvent } from '../../../src/contract/event.ts';
import { FINAL_STATES, OPERATION_STATES, PRIORITIES } from '../../../src/contract/operation.ts';
import { DEFAULT_RETENTION } from '../../../src/contract/retention.ts';
import { LOSS_POLICIES } from '../../../src/contract/tasks.ts';
import { createEngine, type Engine } from '../../../src/daemon/store/engine.ts';
import { createGroupCommit } from '../../../src/daemon/store/group-commit.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import { openDatabase } from '../../../src/daemon/store/open-database.ts';
import { VERBS } from '../../../src/daemon/store/verbs.ts';
import { at, freshStore, look, newOperation, ORG, operationId, temporaryFile } from './home.ts';

describe('the database', () => {
  test('keeps everything over a restart, and its epoch', async () => {
    const { store, file } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.claim(at(2));
    const before = [await store.getOperation('default', operationId(1)), await store.position()];
    await store.close();
    const again = (await freshStore(file)).store;
    expect([await again.getOperation('default', operationId(1)), await again.position()]).toEqual(before);
    expect(await again.listOpenAttempts()).toHaveLength(1);
  });

  test('gives every new home its own epoch', async () => {
    const [one, other] = [await freshStore(), await freshStore()];
    expect((await one.store.position()).epoch).not.toBe((await other.store.position()).epoch);
  });

  test('is in WAL mode with STRICT tables only', async () => {
    const db = look((await freshStore()).file);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    const tables = db.pragma('table_list') as { name: string; strict: number }[];
    expect(tables.filter(({ name, strict }) => strict === 0 && !name.startsWith('sqlite_'))).toEqual([]);
  });

  test('syncs every commit', () => {
    const db = openDatabase(temporaryFile());
    const FULL = 2;
    expect(db.pragma('synchronous', { simple: true })).toBe(FULL);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    db.close();
  });

  test('checks the same words as the contract', async () => {
    const db = look((await freshStore()).file);
    const sql = (table: string) =>
      (db.prepare('SELECT sql FROM sqlite_master WHERE name = ?').get(table) as { sql: string }).sql;
    const words = (list: readonly string[]) => `(${list.map((word) => `'${word}'`).join(', ')})`;
    const open = OPERATION_STATES.filter((state) => !FINAL_STATES.includes(state));
    expect(sql('operations')).toContain(`state TEXT NOT NULL CHECK (state IN ${words(OPERATION_STATES)})`);
    expect(sql('operations')).toContain(`(finished_at IS NULL) = (state IN ${words(open)})`);
    expect(sql('operations')).toContain(`priority IN ${words(PRIORITIES)}`);
    expect(sql('operations')).toContain(`on_worker_loss IN ${words(LOSS_POLICIES)}`);
    expect(sql('deliveries')).toContain(`outcome IN ${words(DELIVERY_OUTCOMES)}`);
  });

  test('of a newer version is left alone', async () => {
    const { store, file } = await freshStore();
    await store.close();
    const db = new BetterSqlite3(file);
    db.pragma('user_version = 99');
    db.close();
    await expect(openStore({ file })).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('version 99'),
      hint: expect.stringContaining('newer'),
    });
  });

  test('that cannot be opened is a sentence, not a crash', async () => {
    await expect(openStore({ file: `${temporaryFile()}/../` })).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });

  test('answers nothing more once it is closed, and closes twice', async () => {
    const { store } = await freshStore();
    const last = store.accept(newOperation(1), null);
    await store.close();
    await store.close();
    expect((await last).outcome).toBe('created');
    await expect(store.position()).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('a group of requests', () => {
  test('isolates the one that fails', async () => {
    const { store } = await freshStore();
    const events: OperationEvent[] = [];
    store.onCommitted((committed) => events.push(...committed));
    const all = await Promise.allSettled([
      store.accept(newOperation(1), null),
      store.accept(newOperation(1), null),
      store.accept(newOperation(2, { lane: { organisation: '00D', mode: 'unknown' as 'shared' } }), null),
      store.accept(newOperation(3), null),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(events.map(({ seq, operation }) => [seq, operation])).toEqual([
      [1, operationId(1)],
      [2, operationId(3)],
    ]);
  });

  test('tells of its events before it answers, and no more to those who stopped listening', async () => {
    const { store } = await freshStore();
    const heard: string[] = [];
    const stop = store.onCommitted((events) => heard.push(...events.map(({ operation }) => operation)));
    await store.accept(newOperation(1), null);
    expect(heard).toEqual([operationId(1)]);
    stop();
    await store.accept(newOperation(2), null);
    expect(heard).toHaveLength(1);
  });

  test('says store-unavailable and keeps nothing when the disk is full; who only reads beside it is answered', () => {
    const db = openDatabase(temporaryFile());
    const commit = createGroupCommit(db, createEngine(db));
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 2}`);
    const input = { text: 'x'.repeat(100_000) };
    const { answers, events } = commit([
      { id: 1, verb: 'counts', args: [null] },
      { id: 2, verb: 'accept', args: [newOperation(1, { input }), null] },
    ]);
    expect(events).toEqual([]);
    expect(answers[0]).toMatchObject({ id: 1, value: { queued: 0 } });
    expect(answers[1]).toMatchObject({ failure: { kind: 'expected', code: 'store-unavailable' } });
    expect(db.prepare('SELECT count(*) AS n FROM operations').get()).toEqual({ n: 0 });
    db.close();
  });

  test('is written by nothing that is said to read', () => {
    const db = openDatabase(temporaryFile());
    const { verbs } = createEngine(db);
    const limits = { ...DEFAULT_RETENTION };
    const calls: Partial<Record<keyof Engine['verbs'], () => unknown>> = {
      position: () => verbs.position(),
      prunedUpTo: () => verbs.prunedUpTo(),
      listEvents: () =>
        verbs.listEvents({ tenant: 'default', operation: null, org: null, afterSeq: 0, limit: 9 }),
      findReplay: () =>
        verbs.findReplay('default', { token: 't', key: 'k', digest: 'd', expiresAt: at(9) }, at(1)),
      getOperation: () => verbs.getOperation('default', operationId(1)),
      listOperations: () =>
        verbs.listOperations({
          tenant: 'default',
          states: null,
          org: null,
          task: null,
          label: null,
          limit: 9,
          cursor: null,
        }),
      counts: () => verbs.counts(null),
      listOpenAttempts: () => verbs.listOpenAttempts(),
      findDelivery: () => verbs.findDelivery('default', 'github', 'a', 'b'),
      listDeliveries: () => verbs.listDeliveries('default', 9, null),
      lastOfSchedule: () => verbs.lastOfSchedule('default', 'nightly'),
      planRetention: () => verbs.planRetention(limits, at(1)),
      listTokens: () => verbs.listTokens('default'),
      findToken: () => verbs.findToken('a'.repeat(64), at(1)),
      getOrganisationId: () => verbs.getOrganisationId('default', 'uat'),
      listOrgs: () => verbs.listOrgs('default'),
      serverPause: () => verbs.serverPause(),
      getUpload: () => verbs.getUpload('default', 'up_1', at(1)),
    };
    verbs.accept(newOperation(1), null);
    verbs.putOrg('default', 'uat', ORG, at(1));
    db.pragma('query_only = ON');
    const reading = Object.entries(VERBS).filter(([, does]) => does === 'reads');
    expect(Object.keys(calls).toSorted()).toEqual(reading.map(([verb]) => verb).toSorted());
    for (const call of Object.values(calls)) call();
    expect(() => verbs.probe()).toThrow(/readonly/);
    db.close();
  });

  test('fails as a whole when the commit fails', () => {
    const db = openDatabase(temporaryFile());
    const engine = createEngine(db);
    const broken: Engine['verbs'] = {
      ...engine.verbs,
      // a foreign key that is only checked at the commit
      deleteOrg() {
        db.pragma('defer_foreign_keys = ON');
        db.exec("INSERT INTO labels VALUES ('default', 'a', 'b', 'op_none')");
        return true;
      },
    };
    const commit = createGroupCommit(db, { ...engine, verbs: broken });
    const failed = commit([
      { id: 1, verb: 'accept', args: [newOperation(1), null] },
      { id: 2, verb: 'deleteOrg', args: ['default', 'uat'] },
    ]);
    expect(failed.answers).toMatchObject([
      { id: 1, failure: { code: 'store-unavailable' } },
      { id: 2, failure: { code: 'store-unavailable' } },
    ]);
    expect(failed.events).toEqual([]);
    const next = commit([{ id: 3, verb: 'accept', args: [newOperation(1), null] }]);
    expect(next).toMatchObject({ answers: [{ id: 3, value: { outcome: 'created' } }], events: [{ seq: 1 }] });
    db.close();
  });
});
