import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { Environment } from '../config/environment.ts';
import { toolStates } from '../config/tool-place.ts';
import { packageFileUrl } from '../contract/programs.ts';
import type { ServerStatus } from '../contract/server.ts';
import { buildDoor } from './http/build-door.ts';
import { controlPlace, edgePlace, listen } from './http/listen.ts';
import type { Parts } from './open-parts.ts';
import { createReadiness } from './readiness.ts';
import { listSchedules } from './schedules/list.ts';
import type { Teardown } from './teardown.ts';
import { writeBackup } from './upkeep/backup.ts';

export interface DoorsOptions {
  readonly environment: Environment;
  readonly parts: Parts;
  readonly teardown: Teardown;
  /** Null once work is taken up. */
  readonly busyWith: () => string | null;
  readonly log: Logger;
}

/** How long requests under way may take after the doors began to close. */
const CLOSING_LIMIT_MS = 5_000;

/** Both doors, or none. AppError `port-in-use`, or `configuration-invalid` where Caddy's group cannot be given its socket. */
export async function openDoors(options: DoorsOptions): Promise<void> {
  const { environment, parts, log, teardown } = options;
  const { operations, outbox, receive, controlKey } = parts;
  const version = packageVersion();
  const doorParts = {
    operations,
    outbox,
    controlKey,
    receive: receive.receive,
    schedules: async (tenant: string) => await listSchedules(operations, tenant),
    drain: parts.dispatch.drain,
    wake: parts.dispatch.wake,
    loginChanged: parts.dispatch.loginChanged,
    readiness: readinessOf(options),
    status: createStatus(parts, version),
    backup: async (file: string) => await writeBackup(operations.store.copy, file, environment.paths),
    log,
    version,
  };
  const doors = {
    control: await buildDoor(doorParts, 'control'),
    edge: await buildDoor(doorParts, 'edge'),
  };
  teardown.add('doors', async () => {
    await Promise.all([closeDoor(doors.control), closeDoor(doors.edge)]);
  });
  const { group } = operations.configuration().edge;
  await listen(doors.control, controlPlace(environment.paths));
  await listen(doors.edge, edgePlace(environment.paths, environment.listen, group));
}

function readinessOf({
  environment,
  parts,
  busyWith,
  log,
}: DoorsOptions): ReturnType<typeof createReadiness> {
  return createReadiness({
    home: environment.paths.home,
    busyWith,
    checkStore: async () => await parts.operations.store.probe(),
    checkVault: async () => await parts.receive.checkVault(),
    log,
  });
}

function createStatus(
  { operations, dispatch, isolation }: Parts,
  version: string,
): () => Promise<ServerStatus> {
  const { store, configuration, paths, now } = operations;
  const startedAt = now().toISOString();
  return async () => {
    const [position, counts, paused, isolated] = await Promise.all([
      store.position(),
      store.counts(null),
      store.serverPause(),
      isolation.report(),
    ]);
    const { vault, concurrency, tools } = configuration();
    const identity = { version, pid: process.pid, startedAt, home: paths.home };
    const draining = dispatch.drain.active();
    const settings = {
      vault: vault.provider,
      concurrency,
      isolation: isolated,
      tools: toolStates(paths, tools),
    };
    return { ...identity, ...settings, position, draining, paused, counts };
  };
}

/** A request without an end keeps the door open only for so long. */
async function closeDoor(door: Awaited<ReturnType<typeof buildDoor>>): Promise<void> {
  const timer = setTimeout(() => door.server.closeAllConnections(), CLOSING_LIMIT_MS);
  try {
    await door.close();
  } finally {
    clearTimeout(timer);
  }
}

function packageVersion(): string {
  const file = packageFileUrl(import.meta.url, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
