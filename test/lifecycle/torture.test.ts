import { expect, test } from 'vitest';
import { FINDINGS } from '../../scripts/torture/audit.ts';
import { torture } from '../../scripts/torture/torture.ts';

test('three rounds of kill -9 under load lose nothing, repeat no effect, and leave nothing without an end', async () => {
  const said: string[] = [];
  const report = await torture({ seed: 1, rounds: 3, from: 1, say: (line) => said.push(line) });
  const found = Object.fromEntries(FINDINGS.map((kind) => [kind, report[kind]]));
  expect(found, said.join('\n')).toEqual(Object.fromEntries(FINDINGS.map((kind) => [kind, 0])));
  expect(report.accepted).toBeGreaterThanOrEqual(15);
  expect(report.kills).toBeGreaterThan(0);
}, 240_000);
