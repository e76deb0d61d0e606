import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leftoverName } from '../../../src/contract/leftover.ts';
import { removeTree } from '../../../src/daemon/dispatch/remove-tree.ts';
import { makeWorkspace } from '../../../src/daemon/dispatch/workspace.ts';
import { makeDeepTree } from '../../support/deep-tree.ts';
import { canMount } from '../../support/small-disk.ts';

let work: string;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'sfp-work-'));
});
afterEach(() => removeTree(work));

test('a workspace is removed although its files lie deeper than a path can say', async () => {
  const workspace = makeWorkspace(work);
  makeDeepTree(workspace.source);
  await workspace.remove();
  expect(existsSync(workspace.directory)).toBe(false);
});

test('a workspace is removed although a program closed its directories', async () => {
  const workspace = makeWorkspace(work);
  const closed = join(workspace.source, 'closed');
  mkdirSync(join(closed, 'inner'), { recursive: true });
  makeDeepTree(join(closed, 'inner'));
  mkdirSync(join(closed, 'not even listed'), { mode: 0 });
  await workspace.remove();
  expect(readdirSync(work)).toEqual([]);
});

test.runIf(canMount)('what cannot be removed is set aside under a name that says so', async () => {
  const workspace = makeWorkspace(work);
  // Nothing removes what a file system hangs in.
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', workspace.source]);
  const aside = join(work, leftoverName(workspace.name));
  try {
    await expect(workspace.remove()).rejects.toThrow(workspace.name);
    expect(readdirSync(work)).toEqual([leftoverName(workspace.name)]);
  } finally {
    execFileSync('umount', [join(existsSync(aside) ? aside : workspace.directory, 'source')]);
  }
});
