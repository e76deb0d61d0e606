import { hasTimes, openAt } from '../../config/windows.ts';
import type { Configuration } from '../../contract/configuration.ts';
import type { Closed, LaneRules } from '../store/port.ts';

interface Known {
  readonly configuration: Configuration;
  readonly rules: LaneRules;
  /** They hold from a moment until a window opens or closes. */
  readonly from: Date;
  readonly until: Date | null;
}

/**
 * What the configuration says of lanes, for a claim. Windows are worked out when one opens or closes, when the configuration was
 * read again, and when the clock was set back: a claim is asked for too often to do it each time.
 */
export function createLaneRules(options: {
  readonly configuration: () => Configuration;
  readonly now: () => Date;
}): () => LaneRules {
  let known: Known | null = null;
  return () => {
    const configuration = options.configuration();
    const now = options.now();
    if (known === null || known.configuration !== configuration || !holdsAt(known, now)) {
      known = workOut(configuration, now);
    }
    return known.rules;
  };
}

function holdsAt({ from, until }: Known, now: Date): boolean {
  return from <= now && (until === null || now < until);
}

function workOut(configuration: Configuration, now: Date): Known {
  const orgs = Object.entries(configuration.orgs);
  const openings = orgs.flatMap(([alias, org]) =>
    hasTimes(org) ? [{ alias, to: org.closedTo ?? 'exclusive', opening: openAt(org, now) }] : [],
  );
  const closed = openings.flatMap(({ alias, to, opening }): [string, Closed][] =>
    opening.open ? [] : [[alias, { to, until: opening.until.toISOString(), note: opening.why }]],
  );
  const concurrency = orgs.flatMap(([alias, org]) =>
    org.concurrency === undefined ? [] : [[alias, org.concurrency] as const],
  );
  const changes = openings.flatMap(({ opening }) => opening.until ?? []).map((moment) => moment.getTime());
  return {
    configuration,
    rules: {
      concurrency: Object.fromEntries(concurrency),
      closed: Object.fromEntries(closed),
      pools: configuration.pools,
    },
    from: now,
    until: changes.length === 0 ? null : new Date(Math.min(...changes)),
  };
}
