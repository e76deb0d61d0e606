import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { FINDINGS } from './torture/audit.ts';
import { torture } from './torture/torture.ts';

/**
 * `npm run torture -- --rounds 200 --seed 1 --json`: kills a real server at random moments and audits what is left. The last
 * line of standard output is JSON; exit 0 only when nothing was found. `--from N` begins with that round; `--no-build` takes
 * `dist/` as it is.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const say = values.json ? console.error : console.log;
if (!values['no-build']) execFileSync(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort());
const rounds = wholeNumber(values.rounds);
const report = await torture({
  seed: wholeNumber(values.seed),
  rounds,
  from: wholeNumber(values.from),
  say,
  signal: ending.signal,
});
console.log(JSON.stringify(report));
const sound = report.rounds === rounds && FINDINGS.every((kind) => report[kind] === 0);
process.exitCode = sound ? 0 : 1;

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  console.error(`"${text}" is no whole number.`);
  process.exit(2);
}
