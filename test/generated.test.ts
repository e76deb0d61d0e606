import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generated } from '../scripts/generated.ts';

test('the generated files are as the source makes them (npm run generate)', async () => {
  for (const [file, text] of Object.entries(await generated())) {
    expect(readFileSync(file, 'utf8'), file).toBe(text);
  }
});
