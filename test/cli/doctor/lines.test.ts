import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { checkLines } from '../../../src/cli/doctor/lines.ts';

test('a check that needs mending says how below it, within the width of the terminal', () => {
  const mend = 'Install bubblewrap 0.8 or later (Debian and Ubuntu: apt-get install bubblewrap).';
  const checks = [
    { name: 'Git', state: 'ok', detail: '2.39.5', mend: '' },
    { name: 'Sandbox', state: 'warning', detail: 'bubblewrap is not installed', mend },
  ] as const;
  expect(stripVTControlCharacters(checkLines(checks, 80)).split('\n')).toEqual([
    '  ok       Git        2.39.5',
    '  warning  Sandbox    bubblewrap is not installed',
    '                      → Install bubblewrap 0.8 or later (Debian and Ubuntu:',
    '                      apt-get install bubblewrap).',
  ]);
});
