import { expect, test } from 'vitest';
import { isInside } from '../../src/contract/inside.ts';

test.each([
  ['/a/b', '/a', true],
  ['/a', '/a', true],
  ['/ab', '/a', false],
  ['/a/../b', '/a', false],
  ['/a/..b', '/a', true],
])('%s inside %s: %s', (path, directory, expected) => {
  expect(isInside(path, directory)).toBe(expected);
});
