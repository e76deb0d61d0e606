import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { canary } from './canary/canary.ts';

/**
 * `npm run canary -- --json`: a real server does work of every kind with secrets that are known here; then they are searched for
 * wherever they must not be. The last line of standard output is `{"found": 0, "searched": PLACES}`; exit 0 only when nothing
 * was found. `--plant` puts one where it must not be, and must find it; `--no-build` takes `dist/` as it is.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    plant: { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
  },
});
const say = values.json ? console.error : console.log;
if (!values['no-build']) execFileSync(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
const { finds, searched } = await canary({ plant: values.plant, say });
for (const { secret, form, place } of finds) say(`found: ${secret}, ${form}, in ${place}`);
console.log(JSON.stringify({ found: finds.length, searched }));
process.exitCode = finds.length === 0 ? 0 : 1;
