import { expect, test } from 'vitest';
import { createLook } from '../../../src/daemon/store/hand-back.ts';

const MB = 1024 * 1024;
const NEEDED = 20 * MB;

/** A thread that needs 20 MB, and how many collections there were after each while of so much work and garbage. */
function collectionsAfter(...whiles: readonly (readonly [usedMs: number, garbageMb: number])[]): number[] {
  let collections = 0;
  let held = NEEDED;
  const look = createLook({
    held: () => held,
    collect() {
      held = NEEDED;
      collections += 1;
    },
  });
  return whiles.map(([usedMs, garbageMb]) => {
    held += garbageMb * MB;
    look(usedMs);
    return collections;
  });
}

test('memory goes back once the thread is quiet, and not while somebody waits for it', () => {
  expect(collectionsAfter([1_500, 40], [101, 10], [3, 0])).toEqual([0, 0, 1]);
});

test('a quiet thread collects no more until its heap has grown again', () => {
  expect(collectionsAfter([3, 0], [3, 3], [3, 0], [900, 1], [3, 0])).toEqual([1, 1, 1, 1, 2]);
});
