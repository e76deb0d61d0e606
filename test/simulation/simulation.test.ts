import { expect, test } from 'vitest';
import { simulateSeeds } from './seeds.ts';
import { simulate } from './simulate.ts';

test('store, dispatch and recovery keep every promise through whatever goes wrong: odd seeds', async () => {
  await simulateSeeds('odd');
}, 600_000);

test('a seed replays exactly', async () => {
  expect(await simulate(7)).toBe(await simulate(7));
});
