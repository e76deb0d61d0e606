import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Paths, pathsOf } from '../../src/config/paths.ts';
import { type Cgroup, endCgroups, openCgroups } from '../../src/daemon/dispatch/cgroups.ts';
import type { SandboxEnd } from '../../src/worker/sandbox/sandbox.ts';
import { makeHome } from '../daemon/dispatch/setting.ts';
import { commandLines } from '../support/command-lines.ts';
import { until } from '../support/until.ts';

const RUNNER = fileURLToPath(new URL('../fixtures/run-sandboxed.ts', import.meta.url));
const LIMITS = { processes: 60, memoryBytes: 256 * 1024 * 1024 };

let paths: Paths;
let runner: ChildProcess | null = null;

beforeEach(() => {
  paths = pathsOf(makeHome());
});

afterEach(async () => {
  await endCgroups(paths, 10_000);
  rmSync(paths.home, { recursive: true, force: true });
});

function start(words: readonly string[]): {
  readonly group: Cgroup;
  readonly end: Promise<SandboxEnd | null>;
} {
  const group = openCgroups(paths).make('w_1.command', LIMITS);
  if (group === null) throw new Error('this machine lets the tests make no control groups');
  const workspace = join(paths.work, 'w_1');
  mkdirSync(join(workspace, 'home'), { recursive: true });
  const child = fork(RUNNER, [workspace, ...words], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  runner = child;
  group.add(child.pid ?? 0);
  const end = new Promise<SandboxEnd | null>((resolve) => {
    child.once('message', (message) => resolve(message as SandboxEnd));
    child.once('exit', () => resolve(null));
  });
  child.send('go');
  return { group, end };
}

describe('a program in its sandbox and the control group of its worker', () => {
  test('cannot fork until the machine has no processes left, and all of it ends with the group', async () => {
    const mark = `${600 + Math.random()}`;
    const { group } = start(['sh', '-c', `f() { sleep ${mark} & f | f & }; f; sleep ${mark}`]);
    await until(() => group.refusals().processes > 0);
    expect(commandLines().filter((line) => line.includes(mark)).length).toBeLessThanOrEqual(LIMITS.processes);
    expect(await group.end(10_000)).toBe(true);
    await until(() => runner?.signalCode === 'SIGKILL');
    expect(commandLines().filter((line) => line.includes(mark))).toEqual([]);
  });

  test('cannot take all memory: it is ended, and its worker lives to say so', async () => {
    const { group, end } = start([process.execPath, '-e', 'Buffer.alloc(1_000_000_000, 1)']);
    expect(await end).toMatchObject({ exitCode: 137, signal: 'SIGKILL', limit: null });
    expect(group.refusals().memory).toBe(1);
  });

  test('cannot take it as files in memory either', async () => {
    const filling = start(['sh', '-c', 'head -c 1000000000 /dev/zero > /tmp/big']);
    await filling.end;
    expect(filling.group.refusals().memory).toBeGreaterThan(0);
  });
});
