import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryCgroupPlace } from '../../src/config/try-cgroup-place.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-cgroup-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function version2(files: Readonly<Record<string, string>>): boolean {
  const all = { 'cgroup.controllers': 'cpu memory pids\n', 'cgroup.subtree_control': '\n', ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(directory, name), text);
  return tryCgroupPlace({ version: 2, directory, holds: ['processes', 'memory'] });
}

test('a group with processes of others hands nothing on, although it may be written, as in a privileged container', () => {
  expect(version2({ 'cgroup.type': 'domain\n', 'cgroup.procs': `1\n${process.pid}\n` })).toBe(false);
  expect(readdirSync(directory).filter((name) => name.includes('trial'))).toEqual([]);
});

test('one that has nobody else, hands on already, or is the root, does', () => {
  expect(version2({ 'cgroup.type': 'domain\n', 'cgroup.procs': `${process.pid}\n` })).toBe(true);
  expect(version2({ 'cgroup.subtree_control': 'memory pids\n', 'cgroup.procs': '1\n' })).toBe(true);
  rmSync(join(directory, 'cgroup.type'));
  expect(version2({ 'cgroup.procs': '1\n' })).toBe(true);
});

test('a directory that is no control group, or is not there, holds nothing', () => {
  const place = { version: 1, directory, holds: ['processes'] } as const;
  expect(tryCgroupPlace(place)).toBe(false);
  expect(tryCgroupPlace({ ...place, directory: join(directory, 'nowhere') })).toBe(false);
});
