import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** Enough for 256 identifiers; the system is asked for each byte otherwise, 16 times for one. */
const POOL_BYTES = 4_096;

/** ULIDs: two of one millisecond sort by the order in which they were asked for, since the last one is remembered. */
export function createIds(): (atMs: number) => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return monotonicFactory(() => {
    if (used === POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const byte = pool[used] ?? 0;
    used += 1;
    return byte / 256;
  });
}
