import type { Logger } from 'pino';
import type { Environment } from '../config/environment.ts';
import { vaultReference } from '../config/vault-reference.ts';
import type { Configuration } from '../contract/configuration.ts';
import { programUrl } from '../contract/programs.ts';
import { claimAlong } from './dispatch/claim-along.ts';
import { createDispatch } from './dispatch/dispatch.ts';
import { createIsolation, type MachineIsolation } from './dispatch/isolation.ts';
import { createRoom } from './dispatch/room.ts';
import { createOutbox, type Outbox } from './events/outbox.ts';
import { prepareHome, removeControlKey, writeControlKey } from './home.ts';
import { createReceive, type Receive } from './hooks/receive.ts';
import type { OperationParts } from './operations/accept.ts';
import { resolveSource } from './operations/source.ts';
import { createSchedules, type Schedules } from './schedules/schedules.ts';
import { holdHome } from './store/daemon-lock.ts';
import { diskTrouble } from './store/disk-trouble.ts';
import { openStore } from './store/open.ts';
import type { Teardown } from './teardown.ts';
import { createExpiry } from './upkeep/expiry.ts';
import { keepArtifacts } from './upkeep/keep-artifacts.ts';
import { keepLogs } from './upkeep/keep-logs.ts';
import { createRetentionSweeps } from './upkeep/retention.ts';
import { finishRestore } from './upkeep/take-place.ts';

export interface PartsOptions {
  readonly environment: Environment;
  readonly configuration: () => Configuration;
  readonly workerUrl?: URL;
  /** Somebody asked for a drain, and nothing runs any more. */
  readonly onDrained: () => void;
  readonly teardown: Teardown;
  readonly log: Logger;
  readonly now: () => Date;
}

/** Everything behind the doors; nothing of it works yet. */
export interface Parts {
  readonly operations: OperationParts;
  readonly outbox: Outbox;
  readonly receive: Receive;
  readonly dispatch: ReturnType<typeof createDispatch>;
  readonly isolation: MachineIsolation;
  readonly schedules: Schedules;
  readonly expiry: ReturnType<typeof createExpiry>;
  readonly retention: ReturnType<typeof createRetentionSweeps>;
  readonly controlKey: string;
}

/** Takes the home, then opens what lies in it. What is opened first is closed last. */
export async function openParts(options: PartsOptions): Promise<Parts> {
  const { configuration, log, now, teardown } = options;
  const { paths } = options.environment;
  const controlKey = takeHome(options);

  await finishRestore(paths.database);
  const store = await openStore({ file: paths.database });
  teardown.add('store', async () => await store.close());

  const accepting = claimAlong(store, () => dispatch.claim());
  const operations: OperationParts = { store: accepting, configuration, paths, now };
  const isolation = createIsolation(operations);
  const dispatch = createDispatch({
    ...operations,
    vault: vaultReference(configuration(), paths),
    isolation,
    workerUrl: options.workerUrl ?? programUrl(import.meta.url, 'worker/main'),
    onDrained: options.onDrained,
    hasRoom: createRoom(paths.home, log),
    resolveSource: async (tenant, source) => await resolveSource(operations, tenant, source),
    log,
  });
  teardown.add('dispatch', async () => await dispatch.stop());

  const schedules = createSchedules({ ...operations, log });
  teardown.add('schedules', async () => await schedules.stop());

  const expiry = createExpiry({ store, paths, log, now });
  teardown.add('expiry', async () => await expiry.stop());

  const retention = createRetentionSweeps({
    store,
    limits: () => configuration().retention,
    keepArtifacts: async (limits, at) => await keepArtifacts(paths.artifacts, limits, at),
    keepLogs: async (limits, at) => await keepLogs(paths.logs, limits, at),
    log,
    now,
  });
  teardown.add('retention', async () => await retention.stop());

  const outbox = createOutbox(store);
  teardown.add('outbox', () => outbox.stop());

  const receive = createReceive(operations);
  teardown.add('hooks', async () => await receive.stop());
  return { operations, outbox, receive, dispatch, isolation, schedules, expiry, retention, controlKey };
}

/** AppError `daemon-running` before anything of the other daemon is touched. */
function takeHome({ environment, configuration, teardown }: PartsOptions): string {
  const { paths } = environment;
  try {
    prepareHome(paths, { shared: configuration().edge.group !== undefined });
    const lock = holdHome(paths.lock);
    teardown.add('lock', () => lock.release());
    const controlKey = writeControlKey(paths);
    teardown.add('control key', () => removeControlKey(paths));
    return controlKey;
  } catch (error) {
    throw diskTrouble(error, `the home ${paths.home} cannot be written`) ?? error;
  }
}
