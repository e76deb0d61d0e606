import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { createRoom } from '../../../src/daemon/dispatch/room.ts';
import { canMount, mountSmallDisk } from '../../support/small-disk.ts';

const toRemove: (() => void)[] = [];
afterEach(() => {
  for (const remove of toRemove.splice(0)) remove();
});

function logged() {
  const lines: string[] = [];
  return { lines, log: pino({ level: 'error' }, { write: (line) => void lines.push(line) }) };
}

describe('room for another attempt', () => {
  test('is not denied where nobody can say', async () => {
    const { lines, log } = logged();
    expect(await createRoom('/nowhere/at/all', log)()).toBe(true);
    expect(lines).toEqual([]);
  });

  test.runIf(canMount)('is there above 16 MB, and what is found holds for a while', async () => {
    const disk = mountSmallDisk(40);
    toRemove.push(() => disk.remove());
    const { lines, log } = logged();
    const hasRoom = createRoom(disk.directory, log);
    expect(await hasRoom()).toBe(true);
    disk.fill();
    expect(await createRoom(disk.directory, log)()).toBe(false);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('nothing new starts until it has room');
  });

  test.runIf(canMount)('is said once while there is none, and comes back by itself', async () => {
    const disk = mountSmallDisk(40);
    toRemove.push(() => disk.remove());
    const { lines, log } = logged();
    const hasRoom = createRoom(disk.directory, log);
    disk.fill();
    for (let times = 0; times < 3; times += 1) expect(await hasRoom()).toBe(false);
    disk.makeRoom();
    await expect.poll(hasRoom, { timeout: 10_000 }).toBe(true);
    expect(lines).toHaveLength(1);
  });
});
