import { expect, test } from 'vitest';
import { codeDirectoryOf, type Needs, workerArguments } from '../../../src/daemon/dispatch/permissions.ts';

const PROGRAM = {
  workerUrl: new URL('file:///opt/sfp-server/dist/worker/main.js'),
  codeDirectory: '/opt/sfp-server/dist',
  compiledCode: null,
};
const TASK: Needs = {
  job: 'task',
  workspace: '/home/sfp/op.1',
  vault: { provider: 'keychain', service: 'sfp-server' },
  source: null,
};

function named(flag: string, words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith(`--${flag}=`)).map((word) => word.slice(flag.length + 3));
}

test('a task writes only in its workspace and reads beyond it only the program', () => {
  const words = workerArguments(PROGRAM, TASK);
  expect(words).toContain('--permission');
  expect(words).not.toContain('--allow-child-process');
  expect(named('allow-fs-write', words)).toEqual(['/home/sfp/op.1']);
  expect(named('allow-fs-read', words)).toEqual([
    '/opt/sfp-server/dist',
    '/opt/sfp-server/package.json',
    '/opt/sfp-server/node_modules',
    '/opt/node_modules',
    '/node_modules',
    '/home/sfp/op.1',
  ]);
});

test('a worker of any job has a limited heap', () => {
  for (const job of ['task', 'fetch-source', 'command'] as const)
    expect(workerArguments(PROGRAM, { ...TASK, job })).toContain('--max-old-space-size=2048');
});

test('dependencies that are hoisted beside the package are readable', () => {
  const installed = {
    workerUrl: new URL('file:///usr/lib/node_modules/sfp-server/dist/worker/main.js'),
    codeDirectory: '/usr/lib/node_modules/sfp-server/dist',
    compiledCode: null,
  };
  const readable = named('allow-fs-read', workerArguments(installed, TASK));
  expect(readable).toContain('/usr/lib/node_modules');
  expect(readable).toContain('/usr/lib/node_modules/sfp-server/node_modules');
});

test('compiled code is read, so that no worker puts code into a later one', () => {
  const compiledCode = '/home/sfp/state/compiled/1';
  const words = workerArguments({ ...PROGRAM, compiledCode }, TASK);
  expect(named('allow-fs-read', words)).toContain(compiledCode);
  expect(named('allow-fs-write', words)).toEqual([TASK.workspace]);
});

test('the file vault is written by the worker itself: a rotated token is stored before it is used', () => {
  const vault = { provider: 'file', directory: '/home/sfp/state/vault' } as const;
  expect(named('allow-fs-write', workerArguments(PROGRAM, { ...TASK, vault }))).toContain(vault.directory);
});

test.each([
  [{ kind: 'upload', file: '/home/sfp/state/uploads/up_1' } as const, '/home/sfp/state/uploads/up_1'],
  [{ kind: 'directory', directory: '/srv/metadata' } as const, '/srv/metadata'],
])('fetching reads %j, and may start Git', (source, place) => {
  const words = workerArguments(PROGRAM, { ...TASK, job: 'fetch-source', source });
  expect(words).toContain('--allow-child-process');
  expect(named('allow-fs-read', words)).toContain(place);
  expect(named('allow-fs-write', words)).toEqual([TASK.workspace]);
});

test('the code directory is the one that a module runs from', () => {
  expect(codeDirectoryOf('file:///opt/sfp-server/dist/daemon/dispatch/x.js')).toBe('/opt/sfp-server/dist');
});
