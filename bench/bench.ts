import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { benchEnqueue } from './enqueue.ts';
import type { Figure } from './figure.ts';
import { benchIsolated } from './isolated.ts';
import { benchStartWork } from './start-work.ts';

/**
 * `npm run bench`: ratios within one run, so that machines can be compared. `-- --json` prints one JSON object;
 * `-- --seconds=10` measures sustained rates for less than the 60 s.
 */
const asJson = process.argv.includes('--json');
execFileSync(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });

const given = process.argv.find((word) => word.startsWith('--seconds='));
const seconds = Number(given?.slice('--seconds='.length) ?? 60);

const figures: Figure[] = [];
for (const bench of [() => benchEnqueue(4), () => benchStartWork(30), () => benchIsolated(seconds)]) {
  const measured = await bench();
  figures.push(...measured);
  if (!asJson) measured.forEach(print);
}
if (asJson) {
  const machine = { cores: availableParallelism(), node: process.version, platform: process.platform };
  console.log(JSON.stringify({ machine, figures }));
}

function print({ name, value, unit, baseline, ratio, method }: Figure): void {
  console.log(`${name}: ${value} ${unit}`);
  console.log(`  ${baseline.name}: ${baseline.value} ${unit}; ratio ${ratio}`);
  console.log(`  ${method}\n`);
}
