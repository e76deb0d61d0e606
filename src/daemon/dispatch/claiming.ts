import type { Configuration } from '../../contract/configuration.ts';
import type { Claim, Store } from '../store/port.ts';
import { createLaneRules } from './lane-rules.ts';
import type { Standby } from './standby.ts';
import type { StandbyPool } from './standby-pool.ts';

export interface ClaimingOptions {
  readonly store: Pick<Store, 'claim'>;
  readonly configuration: () => Configuration;
  readonly pool: StandbyPool;
  readonly now: () => Date;
}

/** What may start, and the worker that was recorded with it; null: one is to be forked. */
export interface Claimed {
  readonly claim: Claim;
  readonly standby: Standby | null;
  /** Somebody asked for its end while the claim was under way. */
  readonly cancelled: boolean;
}

export interface Claiming {
  /** One at a time. */
  claim(): Promise<Claimed | null>;
  /** Somebody asked for the end of an operation. */
  cancelled(operation: string): void;
}

/** Claims an operation together with a worker that waits for it: one commit, and the worker may be told at once. */
export function createClaiming(options: ClaimingOptions): Claiming {
  const { store, pool, now } = options;
  const rules = createLaneRules(options);
  const heard = new Set<string>();
  const ask = async (standby: Standby | null): Promise<Claim | null> => {
    try {
      return await store.claim(now().toISOString(), rules(), standby?.record ?? null);
    } catch (error) {
      // It may have been committed: then this worker is recorded, and must not be recorded again.
      if (standby !== null) pool.discard(standby);
      throw error;
    }
  };
  return {
    async claim() {
      heard.clear();
      const standby = pool.first();
      const claim = await ask(standby);
      if (claim === null) return null;
      // one that is gone was recorded all the same; the worker that is forked in its place is recorded beside it
      const taken = standby !== null && pool.take(standby) ? standby : null;
      return { claim, standby: taken, cancelled: heard.has(claim.operation.id) };
    },
    cancelled: (operation) => void heard.add(operation),
  };
}
