import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationKeys } from '../scripts/configuration-keys.ts';
import { generated } from '../scripts/generated.ts';
import { DEFAULT_CONFIGURATION } from '../src/contract/configuration.ts';

test('every key of sfp-server.yaml is in the table, with what it means', () => {
  const rows = configurationKeys()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
  for (const section of Object.keys(DEFAULT_CONFIGURATION)) {
    expect(
      rows.some((row) => row.startsWith(`| \`${section}`)),
      section,
    ).toBe(true);
  }
});

test('the generated files are as the source makes them (npm run generate)', async () => {
  for (const [file, text] of Object.entries(await generated())) {
    expect(readFileSync(file, 'utf8'), file).toBe(text);
  }
});
