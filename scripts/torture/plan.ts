import type { Trap } from '../../test/fixtures/orgs-process.ts';
import { type Chance, createChance } from '../../test/support/seeded.ts';

export const ALIASES = ['uat', 'qa', 'prod'] as const;

/** One thing that a client wants; `key` is its idempotency key, its label, and the name of what it deploys. */
export interface Wish {
  readonly key: string;
  readonly alias: (typeof ALIASES)[number];
  readonly kind: 'identity' | 'query' | 'deploy-directory' | 'deploy-git';
  /** After how many milliseconds the client asks for it. */
  readonly afterMs: number;
  /** How long after the 202 the client changes its mind; null: it does not. */
  readonly cancelAfterMs: number | null;
}

/** Who is killed when. `lateMs`: that long after the moment. */
export interface Strike {
  readonly moment: Trap | { readonly afterMs: number };
  readonly lateMs: number;
  readonly target: Target;
}
export type Target = 'daemon' | 'workers' | 'one-worker' | 'daemon-then-workers' | 'workers-then-daemon';

export interface RoundPlan {
  readonly round: number;
  readonly wishes: readonly Wish[];
  readonly strikes: readonly Strike[];
}

/** The same seed and number lead to the same plan; what the clock adds to it differs. */
export function planRound(seed: number, round: number): RoundPlan {
  const chance = createChance(seed, round);
  const count = 5 + chance.below(4);
  const wishes = Array.from({ length: count }, (_, index) =>
    planWish(chance, `R${seed}x${round}x${index}`, index),
  );
  const strikes = Array.from(
    { length: 1 + Number(chance.happens(0.4)) + Number(chance.happens(0.2)) },
    (_strike, index) => planStrike(chance, index === 0),
  );
  return { round, wishes, strikes };
}

/** The first two deploy, so that every round has an effect to be killed in. */
function planWish(chance: Chance, key: string, index: number): Wish {
  return {
    key,
    alias: chance.pick(ALIASES),
    kind:
      index < 2
        ? chance.pick(['deploy-directory', 'deploy-git'])
        : chance.weigh([
            [2, 'deploy-directory'],
            [1, 'deploy-git'],
            [2, 'query'],
            [2, 'identity'],
          ]),
    afterMs: chance.below(400),
    cancelAfterMs: chance.happens(0.12) ? chance.below(3_000) : null,
  };
}

/** Most in the middle of an effect: around the call that deploys, while it is followed, around the login. */
function planStrike(chance: Chance, first: boolean): Strike {
  const trap = (call: Trap['call'], at: Trap['at'], nth = 1): Trap => ({ call, at, nth });
  const moment = chance.weigh<Strike['moment']>([
    [2, trap('deploy', 'received', 1 + chance.below(2))],
    [4, trap('deploy', 'acted', 1 + chance.below(2))],
    [4, trap('deploy', 'answered', 1 + chance.below(2))],
    [3, trap('deployStatus', 'received', 1 + chance.below(6))],
    [2, trap('deployStatus', 'answered', 1 + chance.below(6))],
    [2, trap('token', 'received', 1 + chance.below(3))],
    [1, trap('token', 'acted', 1 + chance.below(3))],
    // Nobody looks for a lost deployment before something was killed.
    [first ? 0 : 2, trap('toolingQuery', 'acted')],
    [first ? 0 : 1, trap('revoke', 'received')],
    [1, trap('query', 'acted')],
    [3, { afterMs: chance.below(3_000) }],
  ]);
  const target = chance.weigh<Target>([
    [4, 'daemon'],
    [2, 'workers'],
    [1, 'one-worker'],
    [2, 'daemon-then-workers'],
    [2, 'workers-then-daemon'],
  ]);
  return { moment, lateMs: chance.happens(0.5) ? 0 : chance.below(40), target };
}
