import { describe, expect, test } from 'vitest';
import { cutText } from '../../src/contract/limits.ts';

describe('a text that is too long', () => {
  test('is as long as it may be, and says how much is missing', () => {
    const cut = cutText('x'.repeat(5_000), 100);
    expect(cut).toHaveLength(100);
    const [, kept, left] = /^(x+)… \((\d+) more characters\)$/.exec(cut) ?? [];
    expect((kept?.length ?? 0) + Number(left)).toBe(5_000);
  });

  test('counts what was dropped before', () => {
    expect(cutText('x'.repeat(100), 100, 900)).toMatch(/^x{76}… \(924 more characters\)$/);
  });

  test('only shows that it was cut where there is little room', () => {
    expect(cutText('x'.repeat(100), 10)).toBe('xxxxxxxxx…');
  });
});

test('a text that fits stays as it is', () => expect(cutText('x'.repeat(100), 100)).toBe('x'.repeat(100)));
