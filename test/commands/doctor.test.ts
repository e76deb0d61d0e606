import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { programPath } from '../../src/config/program-path.ts';
import { resultOf, runCli } from '../support/run-cli.ts';

interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'missing';
  readonly detail: string;
  readonly mend: string;
}

let home: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'sfp-'));
  configure('vault: { provider: file }\n');
  expect((await cli(['init'])).code).toBe(0);
});
afterEach(async () => {
  await cli(['stop', '--force']);
  rmSync(home, { recursive: true, force: true });
});

const cli = (words: readonly string[], environment: Record<string, string> = {}) =>
  runCli(words, { home, environment });
const configure = (text: string) => writeFileSync(join(home, 'sfp-server.yaml'), text, { mode: 0o600 });

async function check(environment: Record<string, string> = {}) {
  const run = await cli(['doctor', '--json'], environment);
  const { checks } = resultOf<{ checks: readonly Check[] }>(run);
  return { code: run.code, byName: new Map(checks.map((one) => [one.name, one])) };
}

/** A machine that has these programs and no others. */
function pathWith(...programs: readonly string[]): string {
  const directory = join(home, 'bin');
  mkdirSync(directory);
  for (const name of programs) symlinkSync(programPath(name) ?? '', join(directory, name));
  return directory;
}

describe('doctor', () => {
  test('says of each part in one line that it is there', async () => {
    const run = await cli(['doctor']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const names = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => /^ {2}ok {7}(\w+)/.exec(line)?.[1]);
    expect(names).toEqual([
      ...['Node', 'SQLite', 'Keytar', 'Vault', 'Caddy', 'Git'],
      ...['Sandbox', 'Processes', 'Memory', 'Limits', 'Settings', 'Disk', 'Home'],
    ]);
  });

  test('says what is missing, what is possible without it, and how to mend it', async () => {
    const { code, byName } = await check({ PATH: pathWith('caddy') });
    expect(code).toBe(1);
    expect(byName.get('Git')).toEqual({
      name: 'Git',
      state: 'missing',
      detail: 'not installed: no source code from repositories',
      mend: 'Install Git (Debian and Ubuntu: apt-get install git).',
    });
    expect(byName.get('Sandbox')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/^bubblewrap is not installed: it reads what the server's user may read/),
      mend: expect.stringContaining('apt-get install bubblewrap'),
    });
  });

  test('counts a part of isolation as missing where all are required', async () => {
    configure('vault: { provider: file }\nisolation: required\n');
    const { code, byName } = await check({ PATH: pathWith('caddy', 'git') });
    expect(code).toBe(1);
    expect(byName.get('Sandbox')).toMatchObject({
      state: 'missing',
      detail: 'bubblewrap is not installed: programs that are not its own are refused',
    });
  });

  test('says what the server that runs enforces, whatever this shell could', async () => {
    expect((await cli(['start', '--detach', '--no-caddy'], { PATH: pathWith('git') })).code).toBe(0);
    expect((await check()).byName.get('Sandbox')).toMatchObject({ state: 'warning' });
    const { stdout } = await cli(['status']);
    expect(stdout).toMatch(/Isolation +without sandbox \(bubblewrap is not installed\)\./);
  });

  test('names the place of the home that others may read, and the command that closes it', async () => {
    chmodSync(join(home, 'logs'), 0o755);
    const { code, byName } = await check();
    expect(code).toBe(1);
    expect(byName.get('Home')).toMatchObject({
      state: 'missing',
      detail: `${home}/logs has mode 755`,
      mend: `chmod 700 ${home}/logs`,
    });
  });

  test('names the workspaces that could not be removed', async () => {
    mkdirSync(join(home, 'work', 'left-w_1'), { recursive: true });
    const { code, byName } = await check();
    expect(code).toBe(0);
    expect(byName.get('Work')).toMatchObject({
      state: 'warning',
      detail: 'workspaces that could not be removed: 1',
      mend: expect.stringContaining(join(home, 'work', 'left-w_1')),
    });
  });

  test('goes on where the configuration has a mistake', async () => {
    configure('isolation: sometimes\n');
    const { code, byName } = await check();
    expect(code).toBe(1);
    expect(byName.get('Settings')).toMatchObject({
      state: 'missing',
      detail: expect.stringContaining('"isolation" must be one of required, preferred'),
    });
    expect(byName.get('Node')).toMatchObject({ state: 'ok' });
    expect(byName.get('Vault')).toMatchObject({ state: 'warning', detail: 'not looked at' });
  });
});
