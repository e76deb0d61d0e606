import { createRuleMatcher } from '../../../src/daemon/hooks/match-rules.ts';

/** Stands for a daemon that is killed while a rule runs without an end. */
await createRuleMatcher().match({
  hook: 'github',
  event: 'push',
  headers: {},
  format: 'json',
  body: Buffer.from(JSON.stringify({ text: `${'a'.repeat(60)}!` })),
  rules: [
    {
      name: 'endless',
      on: { event: 'push' },
      if: '$match(payload.text, /^(a+)+$/)',
      task: 'salesforce.query',
      input: {},
    },
  ],
});
