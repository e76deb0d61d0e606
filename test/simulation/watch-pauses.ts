import type { Verbs } from '../../src/daemon/store/engine.ts';

/** What is paused, as those were told who paused and resumed, and what started all the same. */
export interface PauseWatch {
  readonly verbs: Verbs;
  readonly startedPaused: readonly string[];
}

type Pausing = 'pauseLane' | 'resumeLane' | 'pauseServer' | 'resumeServer' | 'settle' | 'resolve' | 'claim';

/** In the transaction of each verb, so that what is paused is known at the moment of a start. */
export function watchPauses(verbs: Verbs): PauseWatch {
  /** By organisation: `by hand`, or the operation that is to be resolved. */
  const lanes = new Map<string, Set<string>>();
  const reasonsOf = (organisation: string): Set<string> => {
    const reasons = lanes.get(organisation) ?? new Set();
    lanes.set(organisation, reasons);
    return reasons;
  };
  const startedPaused: string[] = [];
  let server = false;
  const watched: Pick<Verbs, Pausing> = {
    pauseLane(tenant, alias, pause) {
      const org = verbs.pauseLane(tenant, alias, pause);
      reasonsOf(alias).add('by hand');
      return org;
    },
    resumeLane(tenant, alias) {
      lanes.delete(alias);
      return verbs.resumeLane(tenant, alias);
    },
    pauseServer(pause) {
      server = true;
      return verbs.pauseServer(pause);
    },
    resumeServer() {
      server = false;
      verbs.resumeServer();
    },
    settle(...args) {
      const settled = verbs.settle(...args);
      // exclusive work is what deploys
      if (settled?.state === 'indeterminate' && settled.task === 'salesforce.deploy' && settled.org !== null)
        reasonsOf(settled.org).add(settled.id);
      return settled;
    },
    resolve(tenant, id, resolution) {
      const resolved = verbs.resolve(tenant, id, resolution);
      if (resolved !== null && resolved.org !== null) reasonsOf(resolved.org).delete(id);
      return resolved;
    },
    claim(now, limits, worker) {
      const claim = verbs.claim(now, limits, worker);
      const org = claim?.operation.org ?? null;
      const follows = Object.keys(claim?.checkpoint ?? {}).length > 0;
      if (claim !== null && !follows && (server || (org !== null && reasonsOf(org).size > 0)))
        startedPaused.push(claim.operation.id);
      return claim;
    },
  };
  return { verbs: { ...verbs, ...watched }, startedPaused };
}
