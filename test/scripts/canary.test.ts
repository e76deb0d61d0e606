import { describe, expect, test } from 'vitest';
import { canary } from '../../scripts/canary/canary.ts';
import { createSearch } from '../../scripts/canary/search.ts';

const LIMIT_MS = 120_000;

describe('the canary', () => {
  test(
    'finds no secret anywhere after work of every kind',
    async () => {
      const { finds, searched, operations } = await canary({ plant: false, say: () => undefined });
      expect(finds).toEqual([]);
      expect(searched).toBeGreaterThan(50);
      expect(operations.map(({ task, state }) => `${task} ${state}`)).toEqual([
        'salesforce.query succeeded',
        'salesforce.deploy succeeded',
        'salesforce.query succeeded',
        'salesforce.identity succeeded',
        'command succeeded',
        'command failed',
        'command cancelled',
      ]);
    },
    LIMIT_MS,
  );

  test(
    'finds one that was planted',
    async () => {
      const { finds } = await canary({ plant: true, say: () => undefined });
      expect(finds.map(({ secret, place }) => [secret, place.split('/').at(-1)])).toEqual([
        ['API token', 'planted.log'],
      ]);
    },
    LIMIT_MS,
  );

  test('knows a secret in every form that it searches for', () => {
    const value = 'npm+/"4f1c8a0d9be2 47';
    const bytes = Buffer.from(value);
    const forms = [
      value,
      JSON.stringify({ value }),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      encodeURIComponent(value),
      new URLSearchParams({ value }).toString(),
      ...['', 'x', 'xy', 'xyz'].flatMap((before) => {
        const longer = Buffer.from(`${before}${value}${before}`);
        return [longer.toString('base64'), longer.toString('base64url')];
      }),
    ];
    for (const form of forms) {
      const search = createSearch([{ name: 'token', value }]);
      search.through('somewhere', `before ${form} after`);
      expect(search.finds.length, form).toBeGreaterThan(0);
    }
    const nothing = createSearch([{ name: 'token', value }]);
    nothing.through('somewhere', 'nothing of it');
    expect(nothing.finds).toEqual([]);
  });
});
