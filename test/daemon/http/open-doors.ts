import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { vi } from 'vitest';
import { type Paths, pathsOf } from '../../../src/config/paths.ts';
import { SCOPES, type Scope } from '../../../src/contract/access.ts';
import { type Configuration, DEFAULT_CONFIGURATION } from '../../../src/contract/configuration.ts';
import { AppError } from '../../../src/contract/errors.ts';
import type { Operation, OperationRequest } from '../../../src/contract/operation.ts';
import { createToken } from '../../../src/daemon/access/tokens.ts';
import { createOutbox, type Outbox } from '../../../src/daemon/events/outbox.ts';
import { buildDoor } from '../../../src/daemon/http/build-door.ts';
import type { DoorParts, LiveTiming } from '../../../src/daemon/http/parts.ts';
import type { OperationParts } from '../../../src/daemon/operations/accept.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';

export const CONTROL_KEY = 'a-key-that-only-the-owner-knows';
export const ORGANISATION = '00D5g000004CbyfEAC';

export interface Received {
  readonly hook: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Both doors over a real store and outbox; only the hooks behind them are played. */
export interface Doors {
  readonly control: FastifyInstance;
  readonly edge: FastifyInstance;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly paths: Paths;
  readonly parts: DoorParts;
  readonly received: Received[];
  readonly clock: { aheadMs: number };
  readonly ready: { value: boolean };
  token(options?: {
    scopes?: readonly Scope[];
    tenant?: string;
    expiresAt?: string;
  }): Promise<{ id: string; token: string }>;
  accept(request?: Partial<OperationRequest>, tenant?: string): Promise<Operation>;
  /** The id of an operation that was run, and ended so. */
  indeterminate(): Promise<string>;
  close(): Promise<void>;
}

export async function openDoors(
  options: { configuration?: Partial<Configuration>; timing?: Partial<LiveTiming> } = {},
): Promise<Doors> {
  const paths = makeHome();
  const store = await openStore({ file: paths.database });
  const outbox = createOutbox(store);
  const clock = { aheadMs: 0 };
  const ready = { value: true };
  const received: Received[] = [];
  const operations: OperationParts = {
    store,
    paths,
    configuration: () => ({ ...DEFAULT_CONFIGURATION, ...options.configuration }),
    now: () => new Date(Date.now() + clock.aheadMs),
  };
  const parts: DoorParts = {
    ...playedParts(ready, received, paths),
    operations,
    outbox,
    ...(options.timing === undefined ? {} : { timing: options.timing }),
  };
  const [control, edge] = await Promise.all([buildDoor(parts, 'control'), buildDoor(parts, 'edge')]);
  await store.putOrg('default', 'uat', registration(), operations.now().toISOString());
  return {
    control,
    edge,
    store,
    outbox,
    paths,
    parts,
    received,
    clock,
    ready,
    token: async ({ scopes = SCOPES, tenant = 'default', expiresAt } = {}) =>
      createToken(store, {
        tenant,
        request: { name: 'a program', scopes: [...scopes], expiresAt: expiresAt ?? null },
        now: operations.now(),
      }),
    accept: async (request = {}, tenant = 'default') => {
      if ((await store.getOrganisationId(tenant, 'uat')) === null) {
        await store.putOrg(tenant, 'uat', registration(), operations.now().toISOString());
      }
      return acceptOne(control, tenant, request);
    },
    indeterminate: async () => endIndeterminate(store, await acceptOne(control, 'default', {})),
    async close() {
      await Promise.all([control.close(), edge.close()]);
      outbox.stop();
      await store.close();
      rmSync(paths.home, { recursive: true, force: true });
    },
  };
}

export function registration() {
  return {
    kind: 'jwt' as const,
    username: 'ci@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: ORGANISATION,
  };
}

export const QUERY: OperationRequest = {
  task: 'salesforce.query',
  org: 'uat',
  input: { soql: 'SELECT Id FROM Account' },
};

export const asOwner = (tenant?: string): Record<string, string> => ({
  authorization: `Bearer ${CONTROL_KEY}`,
  ...(tenant === undefined ? {} : { 'sfp-tenant': tenant }),
});

export const bearing = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Waits for a condition, however busy the machine is. */
export const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

/** One request with a JSON answer. */
export async function ask(
  app: FastifyInstance,
  method: NonNullable<InjectOptions['method']>,
  url: string,
  options: { headers?: Record<string, string>; body?: unknown } = {},
) {
  const answer = await app.inject({
    method,
    url,
    headers: options.headers ?? {},
    ...(options.body === undefined ? {} : { payload: options.body as NonNullable<InjectOptions['payload']> }),
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.body === '' ? null : answer.json(),
  };
}

async function acceptOne(
  control: FastifyInstance,
  tenant: string,
  request: Partial<OperationRequest>,
): Promise<Operation> {
  const { status, body } = await ask(control, 'POST', '/api/v1/operations', {
    headers: asOwner(tenant),
    body: { ...QUERY, ...request },
  });
  if (status !== 202) throw new Error(JSON.stringify(body));
  return body as Operation;
}

/** Whatever waits before it ends the same way. */
async function endIndeterminate(store: Store, { id, createdAt }: Operation): Promise<string> {
  const error = { code: 'deploy-unknown', message: 'Nobody knows.', hint: '', retryable: false };
  for (;;) {
    const claim = await store.claim(createdAt);
    if (claim === null) throw new Error(`The operation ${id} cannot start.`);
    const { operation } = claim;
    const settlement = { to: 'indeterminate', error, result: null } as const;
    await store.settle(operation.id, operation.attempt, settlement, createdAt);
    if (operation.id === id) return id;
  }
}

function makeHome(): Paths {
  const paths = pathsOf(mkdtempSync(join(tmpdir(), 'sfp-')));
  mkdirSync(join(paths.database, '..'), { recursive: true });
  return paths;
}

function playedParts(ready: { value: boolean }, received: Received[], paths: Paths) {
  return {
    controlKey: CONTROL_KEY,
    version: '0.0.0-test',
    log: pino({ level: 'silent' }),
    readiness: async () => ({
      ready: ready.value,
      checks: [{ name: 'store', ok: ready.value, detail: 'on /a/private/path' }],
    }),
    status: async () => ({
      version: '0.0.0-test',
      pid: 1,
      startedAt: new Date(0).toISOString(),
      home: paths.home,
      vault: 'file' as const,
      position: { epoch: 'e', seq: 0 },
      concurrency: 4,
      draining: false,
      isolation: { wanted: 'preferred' as const, parts: [] },
      paused: null,
      tools: [],
      counts: { scheduled: 0, queued: 0, running: 0 },
    }),
    drain: { begin: () => undefined, end: () => undefined },
    backup: async (file: string) => ({ file, bytes: 0 }),
    schedules: async () => [],
    wake: () => undefined,
    loginChanged: () => undefined,
    receive: async (hook: string, headers: IncomingHttpHeaders, body: Buffer) => {
      if (hook === 'nowhere') throw new AppError('unknown-hook', `There is no hook "${hook}".`);
      const repeated = received.some((one) => one.body.equals(body));
      received.push({ hook, headers, body });
      return { repeated, receipt: { deliveryId: 'dl_01ARZ3NDEKTSV4RRFFQ69G5FAV', operations: [] } };
    },
  };
}
