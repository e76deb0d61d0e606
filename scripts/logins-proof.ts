import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { NEVER, proveLogins } from './logins/prove.ts';

/**
 * `npm run logins-proof -- --operations 100 --strikes 12 --seed 1 --json`: many operations at once on one login whose refresh
 * token rotates, in an org that gives one session to all of them, while workers and the daemon are killed. The last line of
 * standard output is JSON; exit 0 only when nothing happened that must never happen.
 */
const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '100' },
    strikes: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const say = values.json ? console.error : console.log;
if (!values['no-build']) execFileSync(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
const report = await proveLogins({
  operations: wholeNumber(values.operations),
  strikes: wholeNumber(values.strikes),
  seed: wholeNumber(values.seed),
  say,
});
console.log(JSON.stringify(report));
process.exitCode = NEVER.every((kind) => report[kind] === 0) ? 0 : 1;

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  console.error(`"${text}" is no whole number.`);
  process.exit(2);
}
