import { availableParallelism } from 'node:os';
import { formatTable } from '../src/cli/table.ts';
import { buildPrograms } from './build.ts';
import { benchEnqueue } from './enqueue.ts';
import type { Figure } from './figure.ts';
import { benchFlat } from './flat.ts';
import { benchIsolated } from './isolated.ts';
import { benchLane } from './lane.ts';
import { benchMemory } from './memory.ts';
import { benchRecovery } from './recovery.ts';
import { benchSandbox } from './sandbox.ts';
import { benchStartWork } from './start-work.ts';
import { describeTarget, isReached } from './targets.ts';

/**
 * `npm run bench`: some minutes; ratios within one run, so that machines can be compared. `-- --only NAME` runs one of BENCHES,
 * `-- --json` prints one JSON object as the last line, `-- --seconds=10` measures sustained rates for less than the 60 s.
 */
const BENCHES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  enqueue: () => benchEnqueue(5),
  flat: () => benchFlat(),
  lane: () => benchLane(),
  memory: () => benchMemory(),
  'start-work': () => benchStartWork(30),
  isolated: () => benchIsolated(seconds),
  recovery: () => benchRecovery(12),
  sandbox: () => benchSandbox(100),
};

const asJson = process.argv.includes('--json');
const given = process.argv.find((word) => word.startsWith('--seconds='));
const seconds = Number(given?.slice('--seconds='.length) ?? 60);
const wanted = wantedBenches(process.argv.slice(2));
await buildPrograms();
const figures: Figure[] = [];
for (const name of wanted) figures.push(...((await BENCHES[name]?.()) ?? []));
const out = asJson ? console.error : console.log;
out(table(figures));
for (const { name, method } of figures) out(`\n${name}\n  ${method}`);
if (asJson) {
  const machine = { cores: availableParallelism(), node: process.version, platform: process.platform };
  const judged = figures.map((one) => ({
    ...one,
    target: describeTarget(one) || null,
    reached: isReached(one),
  }));
  console.log(JSON.stringify({ machine, figures: judged }));
}

function wantedBenches(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--only');
  if (at === -1) return Object.keys(BENCHES);
  const name = args[at + 1] ?? '';
  if (name in BENCHES) return [name];
  throw new Error(`--only takes one of: ${Object.keys(BENCHES).join(', ')}.`);
}

function table(rows: readonly Figure[]): string {
  return formatTable(
    rows,
    [
      { title: 'FIGURE', value: ({ name }) => name },
      { title: 'VALUE', value: ({ value, unit }) => `${value} ${unit}`, align: 'right' },
      { title: 'AGAINST', value: ({ baseline }) => `${baseline.name}: ${baseline.value}` },
      { title: 'RATIO', value: ({ ratio }) => String(ratio), align: 'right' },
      { title: 'TARGET', value: describeTarget },
      {
        title: 'REACHED',
        value: (row) => ({ true: 'yes', false: 'no', null: '' })[String(isReached(row))] ?? '',
      },
    ],
    { width: Infinity },
  );
}
