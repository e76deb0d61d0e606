import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import type { EventBody } from '../../../src/contract/event.ts';
import type { OperationError } from '../../../src/contract/operation.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { NewDelivery, NewOperation, Store } from '../../../src/daemon/store/port.ts';

export const ORGANISATION = '00D000000000001EAA';
/** A login to it. */
export const ORG = {
  kind: 'jwt',
  username: 'ci@example.com',
  instanceUrl: 'https://example.my.salesforce.com',
  organisationId: ORGANISATION,
} as const;
export const START = '2026-03-01T10:00:00.000Z';

/** A moment, in seconds after START. */
export function at(seconds: number): string {
  return new Date(Date.parse(START) + seconds * 1_000).toISOString();
}

export function temporaryFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-store-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'operations.db');
}

/** A store over a fresh file, closed and removed when the test ends. */
export async function freshStore(file = temporaryFile()): Promise<{ store: Store; file: string }> {
  const store = await openStore({ file });
  onTestFinished(() => store.close());
  return { store, file };
}

/** A second connection to look at what is really in the file. */
export function look(file: string): Database {
  const db = new BetterSqlite3(file, { readonly: true });
  onTestFinished(() => void db.close());
  return db;
}

export function operationId(number: number): string {
  return `op_${String(number).padStart(26, '0')}`;
}

export function newOperation(number: number, changes: Partial<NewOperation> = {}): NewOperation {
  return {
    id: operationId(number),
    tenant: 'default',
    task: 'salesforce.deploy',
    org: 'uat',
    lane: { organisation: ORGANISATION, mode: 'exclusive' },
    input: { number },
    priority: 'normal',
    maxAttempts: 3,
    timeoutSeconds: 600,
    onWorkerLoss: null,
    pool: null,
    overrideWindow: null,
    labels: {},
    origin: { kind: 'api', name: null },
    retryOf: null,
    scheduledFor: null,
    supersede: null,
    createdAt: at(number),
    ...changes,
  };
}

export const shared = { organisation: ORGANISATION, mode: 'shared' } as const;

export function newDelivery(number: number, changes: Partial<NewDelivery> = {}): NewDelivery {
  return {
    id: `dl_${String(number).padStart(26, '0')}`,
    tenant: 'default',
    hook: 'github',
    sourceId: `source-${number}`,
    bodyDigest: `digest-${number}`,
    event: 'push',
    outcome: 'matched',
    rule: 'push to main',
    detail: null,
    receivedAt: at(number),
    ...changes,
  };
}

/** The operation of `running`. */
export const ID = operationId(1);
export const ERROR: OperationError = {
  code: 'worker-lost',
  message: 'it went',
  hint: 'look',
  retryable: true,
};

/** A store whose only operation is in its first attempt. */
export async function running(): Promise<Store> {
  const { store } = await freshStore();
  await store.accept(newOperation(1), null);
  expect((await store.claim(at(2)))?.operation).toMatchObject({ id: ID, state: 'running', attempt: 1 });
  return store;
}

export async function bodies(store: Store): Promise<readonly EventBody[]> {
  const events = await store.listEvents({
    tenant: 'default',
    operation: ID,
    org: null,
    afterSeq: 0,
    limit: 100,
  });
  return events.map(({ body }) => body);
}
