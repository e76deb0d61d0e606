import { expect, test } from 'vitest';
import { createLook } from '../../../src/daemon/store/hand-back.ts';

function collectionsAfter(...usedMs: readonly number[]): number {
  let collections = 0;
  const look = createLook(() => {
    collections += 1;
  });
  for (const used of usedMs) look(used);
  return collections;
}

test('memory goes back once the thread is quiet, and not while it is busy', () => {
  expect(collectionsAfter(1_500, 900, 200, 101)).toBe(0);
  expect(collectionsAfter(1_500, 900, 3)).toBe(1);
});

test('a thread that stays quiet collects no more until it was busy again', () => {
  expect(collectionsAfter(1_500, 3, 3, 400, 3)).toBe(1);
  expect(collectionsAfter(1_500, 3, 3, 700, 3)).toBe(2);
});
