import type { Retention } from '../../contract/retention.ts';

export type RetentionLimits = Omit<Retention, 'logs' | 'artifacts'>;

/** What is over the limits, decided once for a sweep. Times: what ended, or happened, at them or before goes. */
export interface RetentionPlan {
  readonly operationsUpTo: string;
  readonly eventsUpTo: { readonly at: string; readonly seq: number };
  readonly deliveriesUpTo: { readonly at: string; readonly id: string };
  /** Above it everything that may go is over the limits. */
  readonly databaseBytes: number;
}

/** Where the next batch of operations goes on. */
export interface EndedPlace {
  readonly finishedAt: string;
  readonly id: string;
}

/**
 * The verbs of retention; what holds of the port's verbs holds of these. Each prunes a small batch, so that nobody waits for
 * long; the caller comes back until nothing more is over the limits.
 */
export interface RetentionPort {
  planRetention(limits: RetentionLimits, now: string): Promise<RetentionPlan>;
  /**
   * The oldest events go, only ever a prefix of `seq`: by their age up to the first event of an operation that has begun and not
   * ended, by their number and by the size of the database also past it. What never began holds nothing back: its row says all
   * that there is. True: there may be more.
   */
  pruneEvents(plan: RetentionPlan): Promise<boolean>;
  /**
   * Ended operations go with all that is theirs, once no event and no idempotency key that holds speaks of them.
   * Null: all were looked at.
   */
  pruneOperations(plan: RetentionPlan, after: EndedPlace | null, now: string): Promise<EndedPlace | null>;
  /** True: there may be more. */
  pruneDeliveries(plan: RetentionPlan): Promise<boolean>;
}
