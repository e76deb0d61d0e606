import type { Verbs } from '../../src/daemon/store/engine.ts';

/** What is paused, as those were told who paused and resumed, and what started all the same. */
export interface PauseWatch {
  readonly verbs: Verbs;
  readonly startedPaused: readonly string[];
}

type Pausing = 'pauseLane' | 'resumeLane' | 'pauseServer' | 'resumeServer' | 'claim';

/** In the transaction of each verb, so that what is paused is known at the moment of a start. */
export function watchPauses(verbs: Verbs): PauseWatch {
  const lanes = new Set<string>();
  const startedPaused: string[] = [];
  let server = false;
  const watched: Pick<Verbs, Pausing> = {
    pauseLane(tenant, alias, pause) {
      const org = verbs.pauseLane(tenant, alias, pause);
      lanes.add(alias);
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
    claim(now, limits) {
      const claim = verbs.claim(now, limits);
      const org = claim?.operation.org ?? null;
      const follows = Object.keys(claim?.checkpoint ?? {}).length > 0;
      if (claim !== null && !follows && (server || (org !== null && lanes.has(org))))
        startedPaused.push(claim.operation.id);
      return claim;
    },
  };
  return { verbs: { ...verbs, ...watched }, startedPaused };
}
