import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEnvironment } from '../../../src/config/environment.ts';
import { type Paths, pathsOf } from '../../../src/config/paths.ts';
import { createApp } from '../../../src/daemon/app.ts';
import { createOutbox } from '../../../src/daemon/events/outbox.ts';
import { backUpHome, restoreHome } from '../../../src/daemon/offline.ts';
import { holdHome } from '../../../src/daemon/store/daemon-lock.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { checkBackup } from '../../../src/daemon/store/restored-database.ts';
import { finishRestore } from '../../../src/daemon/upkeep/take-place.ts';
import { at, newOperation, operationId } from '../store/home.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/restore-home.ts', import.meta.url));
const GO_ON = { replace: false, continueWork: true, revokeTokens: false };

describe('a restored home', () => {
  test('has all of the backup in another history, where no position of a client counts', async () => {
    const { paths, backup, before } = await backedUp(async (store) => {
      await store.accept(newOperation(1, { labels: { team: 'crm' } }), null);
    });
    await restoreHome(paths, { backup, ...GO_ON });
    const store = await open(paths);
    expect(await store.getOperation('default', operationId(1))).toMatchObject({ labels: { team: 'crm' } });
    const after = await store.position();
    expect(after).toEqual({ epoch: expect.not.stringMatching(before.epoch), seq: before.seq });
    const started: boolean[] = [];
    const sink = {
      subscribed: (_position: unknown, recovered: boolean) => void started.push(recovered),
      events: () => undefined,
      caughtUp: () => undefined,
    };
    const outbox = createOutbox(store);
    await outbox.follow({ tenant: 'default', operation: null, org: null }, before, sink);
    outbox.stop();
    expect(started).toEqual([false]);
    expect(statSync(paths.database).mode & 0o777).toBe(0o600);
  });

  test('gives no fencing number again that a lock had after the backup, also in a lane that the backup does not know', async () => {
    const { paths, backup } = await backedUp(async (store) => {
      await store.putOrg('default', 'uat', orgOf('00D000000000001EAA'), at(0));
      await store.putOrg('default', 'qa', orgOf('00D000000000002EAA'), at(0));
      await lockOnce(store, 'uat', 1);
    });
    await restoreHome(paths, { backup, ...GO_ON });
    const store = await open(paths);
    expect(await lockOnce(store, 'uat', 2)).toBeGreaterThan(1_000_000);
    expect(await lockOnce(store, 'qa', 3)).toBeGreaterThan(1_000_000);
  });

  test('is not written over, unless that is asked for: then the former database is laid aside whole', async () => {
    const { paths, backup } = await backedUp(async (store) => {
      await store.accept(newOperation(1), null);
    });
    const store = await open(paths);
    await store.accept(newOperation(2), null);
    const killed = copyHome(paths);
    await expect(restoreHome(killed, { backup, ...GO_ON })).rejects.toMatchObject({ code: 'file-exists' });
    const { laidAside } = await restoreHome(killed, { backup, ...GO_ON, replace: true });
    expect(idsIn(killed.database)).toEqual([operationId(1)]);
    expect(idsIn(laidAside ?? '').toSorted()).toEqual([operationId(2)]);
    expect(stateOf(killed).filter((name) => /restoring|operations.db-wal/.test(name))).toEqual([]);
  });

  test('is refused while a daemon holds it', async () => {
    const { paths, backup } = await backedUp();
    const lock = holdHome(paths.lock);
    await expect(restoreHome(paths, { backup, ...GO_ON })).rejects.toMatchObject({ code: 'daemon-running' });
    await expect(backUpHome(paths, `${backup}.2`)).rejects.toMatchObject({ code: 'daemon-running' });
    lock.release();
    await expect(backUpHome(paths, `${backup}.2`)).rejects.toMatchObject({ code: 'not-found' });
  });

  test.each<[string, (file: string) => void, RegExp]>([
    ['no database', (file) => writeFileSync(file, 'hello'.repeat(5_000)), /cannot be read: file is not/],
    ['another database', other, /is no backup of sfp-server/],
    ['half of a file', (file) => writeFileSync(file, readFileSync(file).subarray(0, 40_000)), /backup/],
    ['a damaged file', damage, /is damaged|cannot be read/],
    ['of a newer version', (file) => pragma(file, 'user_version = 99'), /version 99/],
    ['with a trigger that somebody added', smuggle, /has another schema: trigger mine is not that of/],
    [
      'with a table that is not as we make it',
      (file) => exec(file, 'ALTER TABLE probe ADD COLUMN more TEXT'),
      /table probe/,
    ],
    [
      'without an index',
      (file) => exec(file, 'DROP INDEX operations_begun'),
      /index operations_begun is missing/,
    ],
    ['of a version that it is not', (file) => pragma(file, 'user_version = 11'), /has another schema/],
    ['of no version', (file) => pragma(file, 'user_version = -1'), /has no version of sfp-server: -1/],
    ['with rows that name others that are gone', orphan, /is damaged: 1 rows/],
  ])('is left alone by a backup that is %s', async (_what, spoil, message) => {
    const { paths, backup } = await backedUp(async (store) => {
      await store.accept(newOperation(1), null);
    });
    await (await open(paths)).close();
    const before = readFileSync(paths.database);
    spoil(backup);
    const restored = restoreHome(paths, { backup, ...GO_ON, replace: true });
    await expect(restored).rejects.toMatchObject({
      code: 'backup-invalid',
      message: expect.stringMatching(message),
    });
    expect(readFileSync(paths.database)).toEqual(before);
    expect(stateOf(paths).filter((name) => /restoring|replaced/.test(name))).toEqual([]);
  });

  test.each(['operations.db.restoring', 'operations.db.restoring-wal', 'operations.db.replaced'])(
    'is the former one or the restored one, whole, when the restore is killed after %s',
    async (moment) => {
      const { paths, backup } = await backedUp(async (store) => {
        await Promise.all(range(200).map((number) => store.accept(newOperation(number + 10), null)));
      });
      const store = await open(paths);
      await store.accept(newOperation(2), null);
      await store.close();
      const child = spawn(process.execPath, [FIXTURE, paths.home, backup], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const gone = ended.then(() => true);
      const reached = () => stateOf(paths).some((name) => name.startsWith(moment));
      while (
        !reached() &&
        !(await Promise.race([gone, new Promise<false>((next) => setImmediate(next, false))]))
      );
      child.kill('SIGKILL');
      await ended;
      checkBackup(paths.database, 'what is left');
      expect([1, 200]).toContain(idsIn(paths.database).length);
      await restoreHome(paths, { backup, ...GO_ON, replace: true });
      expect(idsIn(paths.database)).toHaveLength(200);
      expect(stateOf(paths).filter((name) => name.includes('restoring'))).toEqual([]);
    },
  );
});

describe('a restore that is killed before one of its steps', () => {
  test.each<[string, (file: string) => void, (file: string) => unknown]>([
    ['a healthy database with what is in its WAL alone', () => undefined, idsIn],
    ['a damaged one with its WAL', behead, bytesOf],
  ])('leaves %s, or the restored one: nothing else, and nothing empty', async (_what, spoil, contentOf) => {
    const { paths, backup } = await backedUp(async (store) => {
      await store.accept(newOperation(1), null);
    });
    const store = await open(paths);
    for (const number of range(20)) await store.accept(newOperation(number + 1), null);
    const former = copyHome(paths);
    spoil(former.database);
    const before = contentOf(copyHome(former).database);
    const found = { former: 0, restored: 0 };
    let code: number | null = null;
    for (let step = 0; code === null; step += 1) {
      const home = copyHome(former);
      code = await killBefore(home, backup, step);
      expect(existsSync(home.database)).toBe(true);
      const decided = code === 0 || stateOf(home).some((name) => name.includes('.restored-'));
      await finishRestore(home.database);
      const content = decided ? idsIn(home.database) : contentOf(home.database);
      const restored = JSON.stringify(content) === JSON.stringify([operationId(1)]);
      if (!restored) expect(content).toEqual(before);
      expect(restored || !decided).toBe(true);
      found[restored ? 'restored' : 'former'] += 1;
      expect(stateOf(home).filter((name) => name.includes('.restored-'))).toEqual([]);
    }
    expect(code).toBe(0);
    expect(found.former).toBeGreaterThan(3);
    expect(found.restored).toBeGreaterThan(3);
  });

  test('is finished by a server that starts', async () => {
    const { paths, backup } = await backedUp(async (store) => {
      await store.accept(newOperation(1, { scheduledFor: '2999-01-01T00:00:00.000Z' }), null);
    });
    await (await open(paths)).close();
    copyFileSync(backup, `${paths.database}.restored-2026-01-01`);
    writeFileSync(paths.configuration, 'vault: { provider: file }\n');
    const environment = readEnvironment({ SFP_SERVER_HOME: paths.home });
    const app = await createApp({ environment, log: pino({}, { write: () => undefined }) });
    onTestFinished(() => app.stop());
    await app.start();
    expect(idsIn(paths.database)).toEqual([operationId(1)]);
    expect(idsIn(`${paths.database}.replaced-2026-01-01`)).toEqual([]);
  });
});

describe('an API token that was revoked after the backup', () => {
  const token = {
    id: 'tk_1',
    tenant: 'default',
    hash: 'a'.repeat(64),
    name: 'ci',
    scopes: ['operations:read' as const],
    createdAt: at(0),
    expiresAt: null,
  };
  const other = { ...token, id: 'tk_2', hash: 'b'.repeat(64) };

  async function revokedSince() {
    const { paths, backup } = await backedUp(async (store) => {
      for (const one of [token, other]) await store.createToken(one);
    });
    const store = await open(paths);
    for (const one of [token, other]) await store.createToken(one);
    await store.revokeToken('default', token.id, at(1));
    await store.close();
    return { paths, backup };
  }
  const valid = async (paths: Paths) => (await (await open(paths)).listTokens('default')).map(({ id }) => id);

  test('stays revoked where the former database says so', async () => {
    const { paths, backup } = await revokedSince();
    const restored = await restoreHome(paths, { backup, ...GO_ON, replace: true });
    expect(restored).toMatchObject({ doubtfulTokens: 0 });
    expect(await valid(paths)).toEqual(['tk_2']);
  });

  test('is spoken of where nothing can say so, and is gone with all others where that is asked for', async () => {
    const { backup } = await revokedSince();
    const lost = makeHome();
    expect(await restoreHome(lost, { backup, ...GO_ON })).toMatchObject({ doubtfulTokens: 2 });
    expect(await valid(lost)).toEqual(['tk_1', 'tk_2']);
    const careful = makeHome();
    const restored = await restoreHome(careful, { backup, ...GO_ON, revokeTokens: true });
    expect(restored).toMatchObject({ doubtfulTokens: 0 });
    expect(await valid(careful)).toEqual([]);
  });
});

describe('work of a backup', () => {
  const deploy = (number: number, more = {}) =>
    newOperation(number, {
      lane: { organisation: `00D00000000000${number}EAA`, mode: 'exclusive' },
      ...more,
    });

  async function make(store: Store): Promise<void> {
    await store.accept(deploy(1), null);
    await store.claim(at(1));
    await store.accept(deploy(2), null);
    await store.claim(at(2));
    await store.recordCheckpoint(operationId(2), 1, { deploymentId: '0Af' }, at(2));
    await store.accept(newOperation(3, { task: 'salesforce.query', lane: null }), null);
    await store.claim(at(3));
    await store.accept(deploy(4), null);
    await store.accept(deploy(5, { scheduledFor: '2999-01-01T00:00:00.000Z' }), null);
    await store.accept(deploy(6, { scheduledFor: at(60) }), null);
  }

  test('is not sent again where it may have been sent after the backup', async () => {
    const { paths, backup } = await backedUp(make);
    const restored = await restoreHome(paths, { backup, ...GO_ON, continueWork: false });
    expect(restored).toMatchObject({ stayed: 3, cancelled: 2, indeterminate: 1 });
    const store = await open(paths);
    const states = await Promise.all(
      range(6).map(async (number) => (await store.getOperation('default', operationId(number)))?.state),
    );
    expect(states).toEqual(['indeterminate', 'running', 'running', 'cancelled', 'scheduled', 'cancelled']);
    expect((await store.getOperation('default', operationId(1)))?.error).toMatchObject({
      code: 'deploy-unknown',
      message: expect.stringContaining('restored from a backup'),
    });
    expect((await store.listOpenAttempts()).map(({ checkpoint }) => checkpoint)).toEqual([
      { deploymentId: '0Af' },
      null,
    ]);
  });

  test('all goes on where nothing ran since', async () => {
    const { paths, backup } = await backedUp(make);
    expect(await restoreHome(paths, { backup, ...GO_ON })).toMatchObject({ stayed: 6, cancelled: 0 });
  });
});

/** A home without a database, and a backup of one that had been there. */
const orgOf = (organisationId: string) =>
  ({
    kind: 'jwt',
    username: 'ci@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId,
  }) as const;

/** The fencing number that it had. */
async function lockOnce(store: Store, alias: string, number: number): Promise<number> {
  const id = `lk_${String(number).padStart(26, '0')}`;
  const lock = await store.createLock('default', alias, {
    id,
    ttlSeconds: 60,
    note: null,
    by: 'ann',
    at: at(number),
  });
  await store.releaseLock({ tenant: 'default', alias, id }, at(number));
  return lock?.fence ?? 0;
}

async function backedUp(make: (store: Store) => Promise<void> = async () => undefined) {
  const from = makeHome();
  const store = await open(from);
  await make(store);
  const before = await store.position();
  await store.close();
  const backup = join(from.home, 'backup.db');
  await backUpHome(from, backup);
  return { paths: makeHome(), backup, before };
}

function makeHome(): Paths {
  const paths = pathsOf(mkdtempSync(join(tmpdir(), 'sfp-restore-')));
  onTestFinished(() => rmSync(paths.home, { recursive: true, force: true }));
  rmSync(dirname(paths.database), { recursive: true, force: true });
  holdHome(paths.lock).release();
  return paths;
}

/** The exit code; null: it was killed. */
function killBefore(paths: Paths, backup: string, step: number): Promise<number | null> {
  const child = spawn(process.execPath, [FIXTURE, paths.home, backup, String(step)], { stdio: 'inherit' });
  return new Promise((resolve) => child.once('exit', resolve));
}

/** As a killed daemon leaves it: the newest rows are in the WAL alone. */
function copyHome(from: Paths): Paths {
  const paths = makeHome();
  for (const end of ['', '-wal']) copyFileSync(`${from.database}${end}`, `${paths.database}${end}`);
  return paths;
}

function behead(file: string): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0x5a, 0, 100));
}

/** Of the damaged one; the restored one has no WAL, and can be read. */
function bytesOf(file: string): readonly string[] {
  if (!existsSync(`${file}-wal`)) return idsIn(file);
  return ['', '-wal'].map((end) => hash('sha256', readFileSync(`${file}${end}`)));
}

async function open(paths: Paths): Promise<Store> {
  const store = await openStore({ file: paths.database });
  onTestFinished(() => store.close());
  return store;
}

function stateOf(paths: Paths): readonly string[] {
  return existsSync(dirname(paths.database)) ? readdirSync(dirname(paths.database)) : [];
}

function idsIn(file: string): readonly string[] {
  const db = new BetterSqlite3(file);
  const rows = db.prepare('SELECT id FROM operations ORDER BY id').all() as { id: string }[];
  db.close();
  return rows.map(({ id }) => id);
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index + 1);
}

function pragma(file: string, text: string): void {
  const db = new BetterSqlite3(file);
  db.pragma(text);
  db.close();
}

function exec(file: string, sql: string): void {
  const db = new BetterSqlite3(file);
  db.exec(sql);
  db.close();
}

function smuggle(file: string): void {
  exec(file, 'CREATE TRIGGER mine AFTER INSERT ON operations BEGIN DELETE FROM tokens; END');
}

function other(file: string): void {
  rmSync(file);
  const db = new BetterSqlite3(file);
  db.exec('CREATE TABLE mine (a)');
  db.close();
}

/** Everything behind the first pages, as a bad disk leaves it. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 8_192, bytes.length - 4_096);
  writeFileSync(file, bytes);
}

function orphan(file: string): void {
  const db = new BetterSqlite3(file);
  db.pragma('foreign_keys = OFF');
  db.exec("INSERT INTO labels VALUES ('default', 'a', 'b', 'op_none')");
  db.close();
}
