import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepArtifacts } from '../../../src/daemon/upkeep/keep-artifacts.ts';

const NOW = new Date('2026-06-30T12:00:00.000Z');
let artifacts: string;

beforeEach(() => {
  artifacts = mkdtempSync(join(tmpdir(), 'sfp-art-'));
});
afterEach(() => rmSync(artifacts, { recursive: true, force: true }));

function keep(name: string, daysAgo: number, bytes = 10): void {
  const directory = join(artifacts, name);
  mkdirSync(join(directory, 'out'), { recursive: true });
  writeFileSync(join(directory, 'out', 'a.txt'), Buffer.alloc(bytes));
  const at = new Date(NOW.getTime() - daysAgo * 86_400_000);
  utimesSync(directory, at, at);
}

test('artifacts go operation by operation when they are too old', async () => {
  keep('op_1', 31);
  keep('op_2', 29);
  await keepArtifacts(artifacts, { days: 30, atMostMegabytes: 1 }, NOW);
  expect(readdirSync(artifacts)).toEqual(['op_2']);
});

test('and the oldest of them when all together are too large', async () => {
  keep('op_1', 3, 600_000);
  keep('op_2', 2, 600_000);
  keep('op_3', 1, 400_000);
  await keepArtifacts(artifacts, { days: 30, atMostMegabytes: 1 }, NOW);
  expect(readdirSync(artifacts)).toEqual(['op_2', 'op_3']);
  await keepArtifacts(join(artifacts, 'none'), { days: 30, atMostMegabytes: 1 }, NOW);
});
