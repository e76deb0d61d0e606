import { simulate } from './simulate.ts';

/** Of both halves together. */
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 3_000);
/** Two files, so that two processes go through them side by side. */
const HALVES = { odd: 1, even: 2 };

/** Says which seed found something. */
export async function simulateSeeds(half: keyof typeof HALVES): Promise<void> {
  for (let seed = HALVES[half]; seed <= SEEDS; seed += 2) {
    await simulate(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
  }
}
