import { type Logger, pino } from 'pino';
import type { Environment } from '../config/environment.ts';
import { EXIT } from '../contract/errors.ts';
import { type AppOptions, createApp } from './app.ts';

/** After a bug the server may be too broken to stop. */
const BROKEN_STOP_LIMIT_MS = 15_000;

/**
 * The daemon, until SIGTERM, SIGINT or the end of a drain: answers the exit code. AppErrors of the start go to the caller, who prints them.
 * SIGHUP reads the configuration again; a second SIGTERM or SIGINT ends the process at once.
 */
export async function runDaemon(
  environment: Environment,
  options: Pick<AppOptions, 'workerUrl' | 'startFront'> = {},
): Promise<number> {
  const log = createLog();
  const app = await createApp({ ...options, environment, log });
  const umask = process.umask(0o077); // each place that others may reach says so itself
  const watch = watchProcess(log, () => app.reload());
  try {
    await Promise.race([app.start(), watch.ended]);
    const drained = app.drained.then(() => {
      log.info('drained: stopping');
      return EXIT.succeeded;
    });
    return await Promise.race([watch.ended, drained]);
  } finally {
    await app.stop();
    watch.stop();
    process.umask(umask);
  }
}

/** JSON lines on standard output; whoever started the daemon decides where they go. */
function createLog(): Logger {
  return pino({
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}

interface Watch {
  /** The exit code, once the process was asked to end or found that it must. */
  readonly ended: Promise<number>;
  stop(): void;
}

const ignore = (): void => undefined;

function watchProcess(log: Logger, reload: () => void): Watch {
  const { promise: ended, resolve } = Promise.withResolvers<number>();
  let asked = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (asked) process.exit(EXIT.failed);
    asked = true;
    log.info({ signal }, 'stopping');
    resolve(EXIT.succeeded);
  };
  const onBug = (error: unknown) => {
    log.fatal({ err: error }, 'bug: the server stops');
    setTimeout(() => process.exit(EXIT.bug), BROKEN_STOP_LIMIT_MS).unref();
    resolve(EXIT.bug);
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal).on('SIGHUP', reload);
  // Node would open a debugger, which asks nobody who they are; a worker's permissions do not keep it from signalling
  process.on('SIGUSR1', ignore);
  process.on('uncaughtException', onBug).on('unhandledRejection', onBug);
  return {
    ended,
    stop() {
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal).off('SIGHUP', reload);
      process.off('SIGUSR1', ignore);
      process.off('uncaughtException', onBug).off('unhandledRejection', onBug);
    },
  };
}
