import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ulid } from 'ulid';
import { type Paths, pathsOf } from '../../../src/config/paths.ts';
import { type Configuration, DEFAULT_CONFIGURATION } from '../../../src/contract/configuration.ts';
import { AppError } from '../../../src/contract/errors.ts';
import type { OperationEvent } from '../../../src/contract/event.ts';
import { KEPT_OF_WORKER } from '../../../src/contract/limits.ts';
import { isFinal, type Operation } from '../../../src/contract/operation.ts';
import type { SourceCode } from '../../../src/contract/source-code.ts';
import { isTaskKind, taskDefinition } from '../../../src/contract/tasks.ts';
import {
  createDispatch,
  type Dispatch,
  type DispatchOptions,
} from '../../../src/daemon/dispatch/dispatch.ts';
import { createIsolation, type MachineIsolation } from '../../../src/daemon/dispatch/isolation.ts';
import type { DispatchLimits } from '../../../src/daemon/dispatch/limits.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { NewOperation, Store } from '../../../src/daemon/store/port.ts';
import { fixtureWorker } from '../../support/fixture-worker.ts';
import { until } from '../../support/until.ts';

export const WORKER = fixtureWorker('scripted');
export const QUIET = pino({ level: 'silent' });
export const TENANT = 'default';

/** Short enough for tests; what is about one limit sets it itself. */
const LIMITS: DispatchLimits = {
  readyMs: 20_000,
  cancelGraceMs: 5_000,
  shutdownGraceMs: 5_000,
  terminateGraceMs: 200,
  sessionLockMs: 200,
  exitMs: 2_000,
  straysMs: 5_000,
  drainMs: 5_000,
  kept: KEPT_OF_WORKER,
};

/** A home with a real store, and a dispatch over it whose workers are fixtures. */
export interface Setting {
  readonly paths: Paths;
  readonly store: Store;
  readonly dispatch: Dispatch;
  enqueue(input: Record<string, unknown>, more?: Partial<NewOperation>): Promise<string>;
  operation(id: string): Promise<Operation>;
  ended(id: string): Promise<Operation>;
  events(id: string): Promise<readonly OperationEvent[]>;
  /** The messages of its log. */
  logs(id: string): Promise<readonly string[]>;
  /** The recorded workers of its attempt that runs. */
  markers(id: string): Promise<readonly string[]>;
  /** The workspace of its attempt that runs. */
  workspace(id: string): Promise<string>;
  /** Waits for a message of its log. */
  heard(id: string, message: string | RegExp): Promise<string>;
  remove(): Promise<void>;
}

export interface SettingOptions {
  readonly concurrency?: number;
  readonly limits?: Partial<DispatchLimits>;
  readonly now?: () => Date;
  readonly home?: string;
  readonly workerUrl?: URL;
  /** Workers forked ahead; none, so that what a test counts is what it asked for. */
  readonly standby?: number;
  readonly resolveSource?: DispatchOptions['resolveSource'];
  readonly wrap?: (store: Store) => Store;
  readonly onDrained?: () => void;
  readonly orgs?: Configuration['orgs'];
  readonly isolation?: Configuration['isolation'];
  /** In the place of what this machine has. */
  readonly machine?: Partial<MachineIsolation>;
}

export async function makeSetting(options: SettingOptions = {}): Promise<Setting> {
  const home = options.home ?? makeHome();
  const paths = pathsOf(home);
  for (const path of [paths.controlDirectory, paths.work]) mkdirSync(path, { recursive: true });
  const store = await openStore({ file: paths.database });
  const now = options.now ?? (() => new Date());
  const configuration = {
    ...DEFAULT_CONFIGURATION,
    concurrency: options.concurrency ?? 2,
    standby: options.standby ?? 0,
    orgs: options.orgs ?? {},
    isolation: options.isolation ?? 'preferred',
  };
  const dispatch = createDispatch({
    store: options.wrap?.(store) ?? store,
    configuration: () => configuration,
    paths,
    vault: { provider: 'file', directory: paths.fileVault },
    isolation: { ...createIsolation({ paths, configuration: () => configuration }), ...options.machine },
    workerUrl: options.workerUrl ?? WORKER,
    resolveSource:
      options.resolveSource ??
      (async (_tenant, source) => ({ kind: 'git', url: repoOf(source), ...AT_MAIN })),
    log: QUIET,
    now,
    limits: { ...LIMITS, ...options.limits },
    random: () => 0,
    ...(options.onDrained ? { onDrained: options.onDrained } : {}),
  });
  const setting = { paths, store, dispatch };
  return { ...setting, ...questions(store, paths), remove: () => remove(setting, home) };
}

export function makeHome(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'sfpd-')));
}

/** Runs 200 times as fast as the real one, so that a back-off passes at once. */
export function fastClock(): () => Date {
  const begin = Date.now();
  return () => new Date(begin + (Date.now() - begin) * 200);
}

export function newOperation(input: Record<string, unknown>, more: Partial<NewOperation> = {}): NewOperation {
  const task = more.task ?? 'salesforce.query';
  if (!isTaskKind(task)) throw new Error(`no such task: ${task}`);
  const { maxAttempts, timeoutSeconds } = taskDefinition(task);
  return {
    id: `op_${ulid()}`,
    tenant: TENANT,
    task,
    org: null,
    lane: null,
    input,
    priority: 'normal',
    maxAttempts,
    timeoutSeconds,
    onWorkerLoss: null,
    pool: null,
    overrideWindow: null,
    labels: {},
    origin: { kind: 'api', name: null },
    retryOf: null,
    scheduledFor: null,
    supersede: null,
    createdAt: new Date().toISOString(),
    ...more,
  };
}

/** The input of a deployment whose source is fetched by the act `fetching`. */
export function deployment(act: string, fetching = 'fetch'): Record<string, unknown> {
  return { act, source: { git: { repo: fetching, ref: 'main' } } };
}

const AT_MAIN = { ref: 'main', path: null, secret: null } as const;

function repoOf(source: SourceCode): string {
  if ('git' in source && source.git.repo !== 'missing') return source.git.repo;
  throw new AppError('unknown-repository', 'No such repository is declared.');
}

function questions(store: Store, paths: Paths) {
  const markers = async (id: string): Promise<readonly string[]> => {
    const open = (await store.listOpenAttempts()).find(({ operation }) => operation.id === id);
    return open?.workers.map(({ marker }) => marker) ?? [];
  };
  const operation = async (id: string): Promise<Operation> => {
    const found = await store.getOperation(TENANT, id);
    if (found === null) throw new Error(`no operation ${id}`);
    return found;
  };
  const events = (id: string) =>
    store.listEvents({ tenant: TENANT, operation: id, org: null, afterSeq: 0, limit: 100_000 });
  const logs = async (id: string): Promise<readonly string[]> =>
    (await events(id)).flatMap(({ body }) => (body.type === 'log' ? [body.message] : []));
  return {
    operation,
    events,
    logs,
    markers,
    workspace: async (id: string) => join(paths.work, (await markers(id))[0]?.split(':')[0] ?? ''),
    async enqueue(input: Record<string, unknown>, more: Partial<NewOperation> = {}): Promise<string> {
      const wanted = newOperation(input, more);
      await store.accept(wanted, null);
      return wanted.id;
    },
    async ended(id: string): Promise<Operation> {
      let seen = '';
      await until(
        async () => {
          const found = await operation(id);
          seen = JSON.stringify(found);
          return isFinal(found.state);
        },
        () => seen,
      );
      return operation(id);
    },
    async heard(id: string, message: string | RegExp): Promise<string> {
      const find = async () => (await logs(id)).find((line) => line.match(message) !== null);
      await until(async () => (await find()) !== undefined);
      return (await find()) ?? '';
    },
  };
}

async function remove({ dispatch, store }: Pick<Setting, 'dispatch' | 'store'>, home: string): Promise<void> {
  await dispatch.stop();
  await store.close();
  rmSync(home, { recursive: true, force: true });
}
