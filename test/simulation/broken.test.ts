import { expect, test } from 'vitest';
import { BROKEN } from './broken.ts';
import { simulate } from './simulate.ts';
import { type Invariant, Violation } from './violation.ts';
import type { Broken } from './world.ts';

/** Most are found by the first few; what has to meet a rare moment takes more. */
const SEEDS = 400;

test.each(Object.entries(BROKEN))(
  'the simulation finds %s',
  async (_name, { broken, invariant }) => {
    expect(await findingSeed(broken, invariant)).not.toBeNull();
  },
  120_000,
);

/** The first seed that says so; a broken promise may break others with it. */
async function findingSeed(broken: Broken, invariant: Invariant): Promise<number | null> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      await simulate(seed, broken);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (error.invariant === invariant) return seed;
    }
  }
  return null;
}
