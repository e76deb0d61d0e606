import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cgroupName, findCgroupPlaces } from '../../../src/config/cgroup-places.ts';
import { type Paths, pathsOf } from '../../../src/config/paths.ts';
import { endBase, makeBase, makeGroup } from '../../../src/daemon/dispatch/cgroup-base.ts';
import { endCgroups, openCgroups } from '../../../src/daemon/dispatch/cgroups.ts';
import { readStat } from '../../../src/daemon/dispatch/processes.ts';
import { until } from '../../support/until.ts';
import { makeHome } from './setting.ts';

const LIMITS = { processes: 40, memoryBytes: 64 * 1024 * 1024 };
const GONE_MS = 10_000;

let paths: Paths;

beforeEach(() => {
  paths = pathsOf(makeHome());
});

afterEach(async () => {
  await endCgroups(paths, GONE_MS);
  rmSync(paths.home, { recursive: true, force: true });
});

const bases = () => readFileSync(paths.cgroups, 'utf8').trim().split('\n');

/** Waits for a line, so that it is in its group before it does anything. */
function start(script: string, name = 'w_1.command') {
  const group = openCgroups(paths).make(name, LIMITS);
  if (group === null) throw new Error('this machine lets the tests make no control groups');
  const child = spawn('sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.on('data', (text) => {
    printed += text;
  });
  group.add(child.pid ?? 0);
  child.stdin.end('go\n');
  return {
    group,
    child,
    printed: () => printed,
    exited: new Promise((resolve) => child.once('exit', resolve)),
  };
}

describe('the control groups of workers', () => {
  test('hold processes and memory on the machine that runs these tests', () => {
    expect(openCgroups(paths).holds).toEqual(['processes', 'memory']);
    for (const base of bases()) expect(existsSync(base)).toBe(true);
  });

  test('a fork bomb meets the limit, and is gone with its group', async () => {
    const bomb = start('f() { f | f & }; f; sleep 60');
    await until(() => bomb.group.refusals().processes > 0);
    expect(await bomb.group.end(GONE_MS)).toBe(true);
    await bomb.exited;
    for (const base of bases()) expect(existsSync(join(base, 'w_1.command'))).toBe(false);
  });

  test('memory beyond the limit ends the process that has it', async () => {
    const hungry = start(`exec ${process.execPath} -e 'Buffer.alloc(500_000_000, 1)'`);
    await hungry.exited;
    expect(hungry.child.signalCode).toBe('SIGKILL');
    expect(hungry.group.refusals().memory).toBe(1);
    await hungry.group.end(GONE_MS);
  });

  test('a process that left its session and its environment behind ends with the group', async () => {
    const { group, printed } = start('env -i setsid sh -c "echo \\$\\$; exec sleep 60" & sleep 60');
    await until(() => Number(printed()) > 0);
    const pid = Number(printed());
    expect(readStat(pid)).not.toBeNull();
    expect(await group.end(GONE_MS)).toBe(true);
    await until(() => readStat(pid)?.ended ?? true);
  });

  test('what an earlier run left is ended by the next one, wherever the groups of this one are', async () => {
    const left = start('env -i setsid sleep 60');
    const [before = ''] = bases();
    expect(await endCgroups(paths, GONE_MS)).toBe(true);
    await left.exited;
    expect(existsSync(before)).toBe(false);
    openCgroups(paths, []);
    expect(readFileSync(paths.cgroups, 'utf8')).toBe('');
  });

  test('a record that names what is not ours is left alone', async () => {
    const foreign = join(paths.home, 'sfp-server-somebody');
    mkdirSync(join(foreign, 'group'), { recursive: true });
    mkdirSync(paths.controlDirectory, { recursive: true });
    writeFileSync(paths.cgroups, `${foreign}\nno path\n`);
    expect(await endCgroups(paths, GONE_MS)).toBe(true);
    expect(existsSync(join(foreign, 'group'))).toBe(true);
  });

  test('of version 2, whose controllers this machine may have elsewhere, end what is in them too', async () => {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const directory = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ')[4] ?? '';
    const base = makeBase({ version: 2, directory, holds: [] }, cgroupName(paths.home));
    if (base === null) throw new Error('this machine lets the tests make no group of version 2');
    const group = makeGroup(base, 'w_1.command', LIMITS);
    const child = spawn('sh', ['-c', 'env -i setsid sleep 60 & env -i setsid sleep 60 & wait'], {
      stdio: 'ignore',
    });
    writeFileSync(join(group, 'cgroup.procs'), String(child.pid));
    expect(await endBase(base.directory, cgroupName(paths.home), GONE_MS)).toBe(true);
    await until(() => child.signalCode === 'SIGKILL');
    expect(existsSync(base.directory)).toBe(false);
  });

  test('a machine that allows none gives none', () => {
    const nowhere = { version: 1, directory: '/proc/nowhere', holds: ['processes', 'memory'] } as const;
    const cgroups = openCgroups(paths, [nowhere]);
    expect(cgroups.holds).toEqual([]);
    expect(cgroups.make('w_1.command', LIMITS)).toBeNull();
    expect(findCgroupPlaces().length).toBeGreaterThan(0);
  });
});
