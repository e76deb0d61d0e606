import { NO_LANE_RULES } from '../../src/daemon/store/lane-rules.ts';
import type { BrokenPromise } from './broken.ts';
import { ORGANISATIONS, POOLS } from './world.ts';

const EVERYWHERE = Object.fromEntries(Object.keys(POOLS).map((pool) => [pool, ORGANISATIONS]));
/** Further ahead than any priority puts anything. */
const AHEAD = 10_000_000_000_000;

/** Broken promises of pools and of a drain. */
export const BROKEN_LANES: Readonly<Record<string, BrokenPromise>> = {
  'a pool that nobody waits behind': {
    invariant: 'work of a pool passes nothing, and nothing passes it',
    broken: (verbs) => ({
      claim: (now, rules = NO_LANE_RULES, worker = null) =>
        verbs.claim(now, { ...rules, pools: {} }, worker) ?? verbs.claim(now, rules, worker),
    }),
  },
  'work of a pool that waits behind nobody': {
    invariant: 'work of a pool passes nothing, and nothing passes it',
    broken: (verbs, db) => ({
      claim(...args) {
        db.exec(
          `UPDATE operations SET rank = rank - ${AHEAD} WHERE state = 'queued' AND organisation IS NULL`,
        );
        const claim = verbs.claim(...args);
        db.exec(`UPDATE operations SET rank = rank + ${AHEAD} WHERE rank < 0`);
        return claim;
      },
    }),
  },
  'a pool that takes any org': {
    invariant: 'work of a pool runs in one of its orgs, and stays there',
    broken: (verbs) => ({
      claim: (now, rules = NO_LANE_RULES, worker = null) =>
        verbs.claim(now, { ...rules, pools: EVERYWHERE }, worker),
    }),
  },
  'another attempt that chooses its org anew': {
    invariant: 'work of a pool runs in one of its orgs, and stays there',
    broken: (verbs, db) => ({
      settle(id, attempt, settlement, now) {
        const settled = verbs.settle(id, attempt, settlement, now);
        if (settled?.state === 'queued' || settled?.state === 'scheduled')
          db.prepare(ANOTHER_ORG).run({ id, org: ORGANISATIONS[1], other: ORGANISATIONS[0] });
        return settled;
      },
    }),
  },
  'a drain that nobody hears of': {
    invariant: 'a drain starts nothing',
    broken: () => ({}),
    deaf: { drain: { active: () => false, begin: () => undefined, end: () => undefined } },
  },
};

const ANOTHER_ORG = `UPDATE operations SET organisation = iif(organisation = @org, @other, @org)
  WHERE id = @id AND pool IS NOT NULL`;
