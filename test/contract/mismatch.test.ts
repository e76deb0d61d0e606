import { Errors } from 'typebox/value';
import { expect, test } from 'vitest';
import { describeMismatch } from '../../src/contract/mismatch.ts';
import { DeployInput } from '../../src/contract/tasks.ts';

test.each([
  [{}, 'input.source is required.'],
  [{ source: 5 }, 'input.source must be object.'],
  [{ source: { upload: 'x' } }, 'input.source.upload must match pattern'],
  [{ source: { git: { ref: 'main' } } }, 'input.source.git.repo is required.'],
  [
    { source: { git: { repo: 'crm', ref: 'main', branch: 'x' } } },
    'input.source.git.branch is not a known field.',
  ],
  [
    { source: { git: { repo: 'crm', ref: 'main', path: '../x' } } },
    'input.source.git.path must match pattern',
  ],
  [{ source: { directory: 'relative' } }, 'input.source.directory must match pattern'],
  [{ source: { directory: '/x' }, testLevel: 'Some' }, 'input.testLevel must be one of NoTestRun,'],
  [{ source: { directory: '/x' }, runTests: ['A', 5] }, 'input.runTests.1 must be string.'],
  [{ source: { directory: '/x' }, 'a/b~c': 5 }, 'input.a/b~c is not a known field.'],
])('%j is described by the error that tells most', (input, sentence) => {
  expect(describeMismatch(Errors(DeployInput, input), 'input')).toContain(sentence);
});
