import { test } from 'vitest';
import { simulateSeeds } from './seeds.ts';

test('store, dispatch and recovery keep every promise through whatever goes wrong: even seeds', async () => {
  await simulateSeeds('even');
}, 600_000);
