import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? 1_000);

test('store, dispatch and recovery keep every promise through whatever goes wrong', async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    await simulate(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
  }
}, 300_000);

test('a seed replays exactly', async () => {
  expect(await simulate(7)).toBe(await simulate(7));
});
