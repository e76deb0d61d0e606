import { expect, test } from 'vitest';
import { usageSentence } from '../../src/cli/usage-sentence.ts';

test.each([
  ['Nonexistent flag: --foo\nSee more help with --help', 'Nonexistent flag: --foo.'],
  ['Unexpected argument: x', 'Unexpected argument: x.'],
  ['Missing 1 required arg:\nfile  What backup wrote.', 'Something is missing: FILE.'],
  ['Missing 2 required args:\nalias  Of the org.\nid     Of the lock.', 'Something is missing: ALIAS, ID.'],
  [
    'The following error occurred:\n  \u001b[2mMissing required flag target-org\u001b[22m',
    'Missing required flag target-org.',
  ],
  ['The following errors occurred:\n  one\n  two\nSee more help with --help', 'one; two.'],
  [
    'Missing 1 required arg:\ntask  Kind of work.\n\nNote: --label allows multiple values.',
    'Something is missing: TASK.',
  ],
])('what oclif says is one sentence: %j', (message, sentence) => {
  expect(usageSentence(message)).toBe(sentence);
});
