import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startKeyring } from '../test/support/keyring.ts';
import { installRealClis } from '../test/support/real-clis.ts';
import { printTotals, readTotals } from './test-totals.ts';

/**
 * `npm test`: types, lint and format, dead code, then all tests. With arguments it runs vitest alone, with those:
 * `npm test -- test/config/file.test.ts`.
 */
const CHECKS: readonly (readonly [title: string, tool: string, ...flags: readonly string[]])[] = [
  ['types', 'tsc', '-p', 'tsconfig.test.json'],
  ['lint and format', 'biome', 'check', '--error-on-warnings', '.'],
  ['dead code', 'knip'],
];
/** Short, because the tests' sockets lie below it. */
const PRIVATE = mkdtempSync(join(tmpdir(), 'sfpt-'));

try {
  const given = process.argv.slice(2);
  const sound = given.length > 0 || (await prepare());
  const totals = await runTests(given);
  printTotals(totals);
  process.exitCode = sound && totals.passed > 0 && totals.failed === 0 ? 0 : 1;
} finally {
  rmSync(PRIVATE, { recursive: true, force: true });
}

/** The checks of the code take a core, and the CLIs wait for a registry: side by side. False: a check found something. */
async function prepare(): Promise<boolean> {
  const [sound] = await Promise.all([checkAll(), prepareClis()]);
  return sound;
}

async function checkAll(): Promise<boolean> {
  let sound = true;
  for (const check of CHECKS) sound = (await runCheck(...check)) && sound;
  return sound;
}

/** With the npm of the user, whose configuration the tests do not see; takes a few minutes once, and none afterwards. */
async function prepareClis(): Promise<void> {
  console.log('real sf and sfp: there, or being installed …');
  await installRealClis();
}

async function runCheck(title: string, tool: string, ...flags: readonly string[]): Promise<boolean> {
  try {
    await promisify(execFile)(`node_modules/.bin/${tool}`, flags, { maxBuffer: 2 ** 26 });
    console.log(`${title}: good`);
    return true;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    console.error(`${stdout}${stderr}\n${title}: wrong (${tool} ${flags.join(' ')})`);
    return false;
  }
}

/** In a home, a temporary directory and a keyring of their own: nothing of the user is read or changed. */
async function runTests(given: readonly string[]) {
  const keyring = await startKeyring();
  try {
    const report = join(PRIVATE, 'report.json');
    const flags = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const exit = await runVitest([...flags, ...given], { ...privateEnvironment(), ...keyring.environment });
    return readTotals(report, exit);
  } finally {
    await keyring.stop();
  }
}

function privateEnvironment(): NodeJS.ProcessEnv {
  const make = (name: string) => {
    const directory = join(PRIVATE, name);
    mkdirSync(directory, { recursive: true });
    return directory;
  };
  const home = make('home');
  const foreign = /^(XDG_|SFP_|GIT_|NO_COLOR$|GNOME_KEYRING|SSH_AUTH_SOCK$)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    // most of what tests start are short-lived programs, which would be compiled, or stripped of their types, each time
    NODE_COMPILE_CACHE: join(import.meta.dirname, '..', '.cache', 'compiled'),
    TMPDIR: make('t'),
    XDG_DATA_HOME: make('data'),
    XDG_CONFIG_HOME: make('config'),
    XDG_CACHE_HOME: make('cache'),
    XDG_STATE_HOME: make('state'),
  };
}

function runVitest(flags: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn('node_modules/.bin/vitest', flags, { stdio: ['ignore', 'inherit', 'inherit'], env });
  const { promise, resolve } = Promise.withResolvers<number>();
  child.on('close', (code) => resolve(code ?? 1));
  return promise;
}
