import type { Configuration } from '../../contract/configuration.ts';
import type { Operation } from '../../contract/operation.ts';
import type { Settlement, Store } from '../store/port.ts';

/** What settling an attempt needs: what it does to the lane is for `sfp-server.yaml` to say. */
export interface SettleParts {
  readonly store: Pick<Store, 'settle'>;
  readonly configuration: () => Configuration;
  readonly now: () => Date;
}

/** Null: the attempt is no longer current, or somebody settled it first. */
export async function settleAttempt(
  { store, configuration, now }: SettleParts,
  operation: Operation,
  settlement: Settlement,
): Promise<Operation | null> {
  const { id, attempt, org } = operation;
  const afterwards = pausesItsLane(configuration(), org) ? 'pause-lane' : 'go-on';
  return store.settle(id, attempt, settlement, now().toISOString(), afterwards);
}

/** Where nobody knows what became of a deployment, the next one waits until somebody has looked, unless the org says otherwise. */
function pausesItsLane({ orgs }: Configuration, org: string | null): boolean {
  const declared = org !== null && Object.hasOwn(orgs, org) ? orgs[org] : undefined;
  return declared?.pauseWhenIndeterminate ?? true;
}
