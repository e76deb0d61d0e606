import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** A checkout with the set-up program, a lock file and nothing installed; npm and apt-get only note what they are asked. */
let root: string;
let bin: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sfp-set-up-'));
  bin = join(root, 'bin');
  for (const directory of ['scripts/set-up', 'bin']) mkdirSync(join(root, directory), { recursive: true });
  for (const file of ['set-up.mjs', 'set-up/run.mjs', 'set-up/packages.mjs', 'set-up/programs.mjs'])
    copyFileSync(join('scripts', file), join(root, 'scripts', file));
  for (const name of ['hello', 'test'])
    writeFileSync(join(root, `scripts/${name}.ts`), 'console.log("ran", process.argv.slice(2).join(" "));');
  lock('1.0.0');
  program('npm', INSTALL);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** What `npm ci` leaves behind: its own copy of the lock file, and the package `node`. */
const INSTALL = `echo "npm $*" >> log
mkdir -p node_modules/.bin
cp package-lock.json node_modules/.package-lock.json
ln -sf "${process.execPath}" node_modules/.bin/node`;

function program(name: string, body: string): void {
  const file = join(bin, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

function lock(version: string): void {
  const packages = {
    '': { name: 'sfp-server' },
    'node_modules/one': { version, integrity: 'sha512-x' },
    'node_modules/other-system': { version: '1.0.0', optional: true },
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

function setUp(name: string, PATH = `${bin}:/usr/bin:/bin`): SpawnSyncReturns<string> {
  const env = { PATH, HOME: root };
  return spawnSync(process.execPath, ['scripts/set-up.mjs', name, 'a', 'b'], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
}

function asked(): string[] {
  const file = join(root, 'log');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

describe('the set-up', () => {
  test('installs the packages once and hands over with the arguments', () => {
    for (const _ of [1, 2]) expect(setUp('hello')).toMatchObject({ status: 0, stdout: 'ran a b\n' });
    expect(asked()).toEqual([expect.stringMatching(/^npm ci --include=dev/)]);
  });

  test('installs again when the lock file changed', () => {
    setUp('hello');
    lock('1.0.1');
    setUp('hello');
    expect(asked()).toHaveLength(2);
  });

  test('says in one sentence what failed, with the exit code for set-up', () => {
    program('npm', 'echo "npm error network" >&2; exit 1');
    const { status, stderr } = setUp('hello');
    expect(status).toBe(78);
    expect(stderr).toContain('npm error network');
    expect(stderr).toContain('Installing the npm packages failed');
    expect(stderr).not.toContain('    at ');
  });

  test('hands on the exit code', () => {
    writeFileSync(join(root, 'scripts/hello.ts'), 'process.exitCode = 5;');
    expect(setUp('hello').status).toBe(5);
  });

  test('without apt-get it names the programs that the tests lack', () => {
    symlinkSync(process.execPath, join(bin, 'node'));
    for (const name of ['sh', 'mkdir', 'cp', 'ln']) symlinkSync(join('/bin', name), join(bin, name));
    const missing = setUp('test', bin);
    expect(missing.status).toBe(78);
    expect(missing.stderr).toMatch(/The tests need programs that are missing .*: .*caddy/);
  });
});
