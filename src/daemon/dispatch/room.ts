import { statfsSync } from 'node:fs';
import type { Logger } from 'pino';

/** An attempt needs a workspace, and its reports; what runs already needs the rest to come to its end. */
const ROOM_BYTES = 16 * 1024 * 1024;
const HOLDS_MS = 1_000;

/** Whether the disk has room for more work. Asked at each claim, which waits for no other thread; looked up once a second. */
export function createRoom(directory: string, log: Logger): () => Promise<boolean> {
  let last = { at: Number.NEGATIVE_INFINITY, room: true };
  return async () => {
    if (performance.now() - last.at < HOLDS_MS) return last.room;
    // what cannot be asked keeps nothing back: the attempt itself says what is wrong
    const found = readRoom(directory);
    const room = found === null || found.bavail * found.bsize >= ROOM_BYTES;
    if (!room && last.room)
      log.error({ directory }, 'the disk is full: nothing new starts until it has room');
    last = { at: performance.now(), room };
    return room;
  };
}

function readRoom(directory: string): { readonly bavail: number; readonly bsize: number } | null {
  try {
    return statfsSync(directory);
  } catch {
    return null;
  }
}
