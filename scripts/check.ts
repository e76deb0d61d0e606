import { execFileSync } from 'node:child_process';

/** All that a contributor has to remember: types, lint and format, dead code, generated files, tests. */
const steps: readonly (readonly string[])[] = [
  ['tsc', '-p', 'tsconfig.test.json'],
  ['biome', 'check', '.'],
  ['knip'],
];
for (const [tool = '', ...flags] of steps)
  execFileSync(`node_modules/.bin/${tool}`, flags, { stdio: 'inherit' });
