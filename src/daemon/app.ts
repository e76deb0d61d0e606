import type { Logger } from 'pino';
import type { Environment } from '../config/environment.ts';
import { AppError } from '../contract/errors.ts';
import { createCurrentConfiguration } from './current-configuration.ts';
import { openDoors } from './open-doors.ts';
import { openParts, type Parts } from './open-parts.ts';
import { createTeardown } from './teardown.ts';
import { recover } from './upkeep/recovery.ts';

export interface AppOptions {
  readonly environment: Environment;
  /** The program of a worker; tests hand over their own. */
  readonly workerUrl?: URL;
  readonly log: Logger;
  readonly now?: () => Date;
  /** Starts what stands in front of the edge door, once the home is ours: a second server must not touch that of the first. */
  readonly startFront?: () => Promise<Front | null>;
}

export interface Front {
  stop(): Promise<void>;
}

export interface App {
  /** Resolves when work is taken up. AppError where the home, its configuration or a door does not allow it. */
  start(): Promise<void>;
  /** Nothing is taken in from here on; resolves when nothing of this server runs any more. */
  stop(): Promise<void>;
  /** Somebody asked for a drain, and nothing runs any more: the server is to be stopped. */
  readonly drained: Promise<void>;
  /** Reads `sfp-server.yaml` again; one with a mistake changes nothing. */
  reload(): void;
}

/** The composition root. AppError `home-missing` or `configuration-invalid` before anything is touched. */
export async function createApp(options: AppOptions): Promise<App> {
  const { environment, log } = options;
  const now = options.now ?? (() => new Date());
  const configuration = createCurrentConfiguration(environment.paths, log);
  const teardown = createTeardown(log);
  const drained = Promise.withResolvers<void>();
  let busyWith: string | null = 'The server is starting.';
  let stopping = false;
  let configured = () => {};
  let started: Promise<void> | null = null;

  const start = async () => {
    const onDrained = drained.resolve;
    const parts = await openParts({ ...options, now, configuration: configuration.get, teardown, onDrained });
    const { paths } = environment;
    const front = await options.startFront?.();
    if (front) teardown.add('front', front.stop);
    const recovery = recover({ ...parts.operations, paths, log });
    recovery.catch(() => undefined); // heard of below, when the doors are open
    busyWith = 'The server is settling what an earlier run left.';
    await openDoors({ environment, log, parts, teardown, busyWith: () => busyWith ?? drainingOf(parts) });
    await recovery;
    if (stopping) throw new AppError('shutting-down', 'The server was stopped while it started.');
    await parts.dispatch.start();
    parts.schedules.start();
    configured = () => {
      parts.dispatch.adjust();
      void parts.schedules.look();
    };
    parts.expiry.start();
    parts.retention.start();
    busyWith = null;
    log.info({ home: paths.home, pid: process.pid }, 'the server is ready');
  };

  return {
    drained: drained.promise,
    start() {
      started ??= start().catch(async (error: unknown) => {
        await teardown.run();
        throw error;
      });
      return started;
    },
    async stop() {
      stopping = true;
      busyWith = 'The server is stopping.';
      await started?.catch(() => undefined);
      await teardown.run();
    },
    reload() {
      configuration.reload();
      configured();
    },
  };
}

function drainingOf({ dispatch }: Parts): string | null {
  if (!dispatch.drain.active()) return null;
  return 'The server is draining: it takes work in, starts nothing, and stops when what runs has ended.';
}
