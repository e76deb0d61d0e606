import type { Logger } from 'pino';
import type { Store } from '../store/port.ts';

/** One write in so long is enough to say when a login was last used. */
const NOTED_EVERY_MS = 10_000;

export interface LoginUsesParts {
  readonly store: Pick<Store, 'noteLogin'>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Keeps when each login last led to a session. Nothing waits for it, and nothing fails with it. */
export function createLoginUses({ store, now, log }: LoginUsesParts) {
  const noted = new Map<string, number>();
  return (tenant: string, alias: string): void => {
    const at = performance.now();
    const key = `${tenant}/${alias}`;
    if (at - (noted.get(key) ?? Number.NEGATIVE_INFINITY) < NOTED_EVERY_MS) return;
    noted.set(key, at);
    store.noteLogin(tenant, alias, now().toISOString()).catch((error: unknown) => {
      noted.delete(key);
      log.debug({ err: error, org: alias, tenant }, 'the use of a login could not be noted');
    });
  };
}
