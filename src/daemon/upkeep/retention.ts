import { setImmediate as others } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Retention } from '../../contract/retention.ts';
import type { Store } from '../store/port.ts';
import type { EndedPlace, RetentionPlan } from '../store/retention-port.ts';

const EVERY_MS = 300_000;

export interface RetentionOptions {
  readonly store: Pick<Store, 'planRetention' | 'pruneEvents' | 'pruneOperations' | 'pruneDeliveries'>;
  readonly limits: () => Retention;
  /** The server's own log files. */
  readonly keepLogs: (limits: Retention['logs'], now: Date) => Promise<void>;
  readonly keepArtifacts: (limits: Retention['artifacts'], now: Date) => Promise<void>;
  readonly log: Logger;
  readonly now: () => Date;
  readonly everyMs?: number;
}

/** Removes what is over its limits, in batches between which others have their turn; at the start, then every few minutes. */
export function createRetentionSweeps(options: RetentionOptions): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null;
  let sweeping: Promise<void> = Promise.resolve();
  let stopped = false;
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      if (!stopped) await work();
    } catch (error) {
      options.log.error({ err: error }, `${what} could not be removed; trying again later`);
    }
  };
  const sweep = (): void => {
    sweeping = sweeping
      .then(() => attempt('what is over in the database', () => pruneAll(options, () => stopped)))
      .then(() => attempt('old logs', () => options.keepLogs(options.limits().logs, options.now())))
      .then(() =>
        attempt('old artifacts', () => options.keepArtifacts(options.limits().artifacts, options.now())),
      );
  };
  return {
    start() {
      timer ??= setInterval(sweep, options.everyMs ?? EVERY_MS);
      sweep();
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearInterval(timer);
      timer = null;
      await sweeping;
    },
  };
}

/** Events first: an operation goes only when none speaks of it any more. */
async function pruneAll({ store, limits, now }: RetentionOptions, stopped: () => boolean): Promise<void> {
  const { logs: _inFiles, artifacts: _inFilesToo, ...stored } = limits();
  const at = now().toISOString();
  const plan = await store.planRetention(stored, at);
  await repeat(() => store.pruneEvents(plan), stopped);
  await pruneOperations({ store, plan, at, stopped });
  await repeat(() => store.pruneDeliveries(plan), stopped);
}

async function pruneOperations(sweep: {
  readonly store: RetentionOptions['store'];
  readonly plan: RetentionPlan;
  readonly at: string;
  readonly stopped: () => boolean;
}): Promise<void> {
  let place: EndedPlace | null = null;
  await repeat(async () => {
    place = await sweep.store.pruneOperations(sweep.plan, place, sweep.at);
    return place !== null;
  }, sweep.stopped);
}

async function repeat(batch: () => Promise<boolean>, stopped: () => boolean): Promise<void> {
  while (!stopped() && (await batch())) await others();
}
