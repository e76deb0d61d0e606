import { expect, test } from 'vitest';
import { BROKEN, type BrokenPromise } from './broken.ts';
import { BROKEN_LANES } from './broken-lanes.ts';
import { BROKEN_REQUESTS } from './broken-requests.ts';
import { simulate } from './simulate.ts';
import { Violation } from './violation.ts';

/** Most are found by the first few; what has to meet a rare moment takes more. */
const SEEDS = 400;

test.each(Object.entries({ ...BROKEN, ...BROKEN_LANES, ...BROKEN_REQUESTS }))(
  'the simulation finds %s',
  async (_name, promise) => {
    expect(await findingSeed(promise)).not.toBeNull();
  },
  300_000,
);

/** The first seed that says so; a broken promise may break others with it. */
async function findingSeed({ broken, invariant, deaf }: BrokenPromise): Promise<number | null> {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      await simulate(seed, broken, deaf);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (error.invariant === invariant) return seed;
    }
  }
  return null;
}
