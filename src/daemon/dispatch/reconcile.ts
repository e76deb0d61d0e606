import type { Logger } from 'pino';
import type { OpenAttempt, Store } from '../store/port.ts';

const LOOK_EVERY_MS = 5_000;

export interface ReconcileOptions {
  readonly store: Pick<Store, 'listOpenAttempts' | 'settle'>;
  /** Is this operation run here, or could its end not be settled here? */
  readonly runs: (operation: string) => boolean;
  /** Somebody asked for its end. */
  readonly cancel: (operation: string) => void;
  /** Whatever may have been missed: work that waits, a time that came. */
  readonly wake: () => void;
  readonly now: () => Date;
  readonly log: Logger;
}

/**
 * A commit whose answer was lost tells nobody: a claimed operation that no one runs, a cancel of which no one heard, work for
 * which no one was woken. So what is said is compared with what is stored, every few seconds.
 */
export function createReconcile(options: ReconcileOptions): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let suspects: ReadonlySet<string> = new Set();

  const look = async (): Promise<void> => {
    const open = await options.store.listOpenAttempts();
    for (const { operation } of open) if (operation.cancelRequestedAt !== null) options.cancel(operation.id);
    // What an earlier daemon left is settled before this one claims, and what this one claims it runs: so no worker was told
    // what to do, also where one was recorded. An attempt may just be on its way from the claim to its run; two looks later it is not.
    const unknown = open.filter(({ operation }) => !options.runs(operation.id));
    for (const attempt of unknown) if (suspects.has(nameOf(attempt))) await giveBack(options, attempt);
    suspects = new Set(unknown.map(nameOf));
    options.wake();
  };
  return {
    start() {
      timer = setInterval(() => {
        looking ??= look()
          .catch((error: unknown) => options.log.error({ err: error }, 'open attempts could not be compared'))
          .finally(() => {
            looking = null;
          });
      }, LOOK_EVERY_MS);
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      await looking;
    },
  };
}

function nameOf({ operation }: OpenAttempt): string {
  return `${operation.id}.${operation.attempt}`;
}

async function giveBack({ store, now, log }: ReconcileOptions, { operation }: OpenAttempt): Promise<void> {
  const settlement = { to: 'queued', reason: 'the answer to its claim was lost', error: null } as const;
  await store.settle(operation.id, operation.attempt, settlement, now().toISOString());
  log.warn({ operation: operation.id }, 'an operation was claimed and never run; it is queued again');
}
