import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkBackup } from '../../../src/daemon/store/restored-database.ts';
import { writeBackup } from '../../../src/daemon/upkeep/backup.ts';
import { freshStore, look, newOperation, temporaryFile } from '../store/home.ts';

const SWEPT = { work: '/nowhere/work', uploads: '/nowhere/uploads' };

describe('a backup', () => {
  test('holds all that was accepted before, and others go on being accepted meanwhile', async () => {
    const { store } = await freshStore();
    const input = { text: 'x'.repeat(100_000) };
    for (let number = 1; number <= 100; number += 1)
      await store.accept(newOperation(number, { input }), null);
    const file = join(dirname(temporaryFile()), 'backup.db');
    let done = false;
    const backup = writeBackup(store.copy, file, SWEPT).finally(() => {
      done = true;
    });
    let meanwhile = 0;
    for (let number = 101; !done; number += 1) {
      await store.accept(newOperation(number), null);
      meanwhile += done ? 0 : 1;
    }
    expect(await backup).toEqual({ file, bytes: statSync(file).size });
    expect(meanwhile).toBeGreaterThan(3);
    checkBackup(file, file);
    const { n } = look(file).prepare('SELECT count(*) AS n FROM operations').get() as { n: number };
    expect(n).toBeGreaterThanOrEqual(100);
  });

  test('that is a copy of the file alone has not all, and that is found', async () => {
    const { store, file: database } = await freshStore();
    await store.accept(newOperation(1), null);
    const file = join(dirname(temporaryFile()), 'backup.db');
    await writeBackup(store.copy, file, SWEPT);
    expect(operationsIn(file)).toBe(1);
    const half = join(dirname(temporaryFile()), 'backup.db');
    await writeBackup((draft) => copyFile(database, draft), half, SWEPT);
    expect(operationsIn(half)).not.toBe(1);
  });

  test('can be read by its owner alone, and leaves nothing beside it', async () => {
    const { store } = await freshStore();
    const directory = dirname(temporaryFile());
    await writeBackup(store.copy, join(directory, 'backup.db'), SWEPT);
    expect(readdirSync(directory)).toEqual(['backup.db']);
    expect(statSync(join(directory, 'backup.db')).mode & 0o777).toBe(0o600);
  });

  test('overwrites nothing', async () => {
    const { store } = await freshStore();
    const file = temporaryFile();
    writeFileSync(file, 'mine');
    await expect(writeBackup(store.copy, file, SWEPT)).rejects.toMatchObject({
      code: 'file-exists',
      status: 409,
    });
    const twice = await Promise.allSettled([
      writeBackup(store.copy, `${file}.2`, SWEPT),
      writeBackup(store.copy, `${file}.2`, SWEPT),
    ]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(readdirSync(dirname(file)).toSorted()).toEqual(['operations.db', 'operations.db.2']);
  });

  test('is refused where the server would delete it, also by another name of the place', async () => {
    const { store } = await freshStore();
    const home = dirname(temporaryFile());
    const swept = { work: join(home, 'work'), uploads: join(home, 'uploads') };
    mkdirSync(join(swept.work, 'deep'), { recursive: true });
    mkdirSync(join(home, 'workshop'));
    symlinkSync(swept.work, join(home, 'link'));
    for (const place of ['work', 'work/deep', 'link', 'uploads']) {
      const file = join(home, place, 'backup.db');
      await expect(writeBackup(store.copy, file, swept)).rejects.toMatchObject({
        code: 'invalid-request',
        message: expect.stringContaining('and would delete the backup'),
      });
    }
    expect(readdirSync(swept.work)).toEqual(['deep']);
    await writeBackup(store.copy, join(home, 'workshop', 'backup.db'), swept);
  });

  test('says why it could not be written, and leaves nothing', async () => {
    const { store } = await freshStore();
    const directory = join(dirname(temporaryFile()), 'nowhere');
    const failed = writeBackup(store.copy, join(directory, 'backup.db'), SWEPT);
    await expect(failed).rejects.toMatchObject({
      code: 'backup-failed',
      message: expect.stringContaining('no such file or directory'),
    });
    mkdirSync(directory);
    const broken = writeBackup(
      async () => {
        throw new Error('database or disk is full');
      },
      join(directory, 'backup.db'),
      SWEPT,
    );
    await expect(broken).rejects.toMatchObject({ message: expect.stringContaining('disk is full.') });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('that is under way when the store is closed is an error, and leaves nothing', async () => {
    const { store } = await freshStore();
    const input = { text: 'x'.repeat(200_000) };
    for (let number = 1; number <= 50; number += 1) await store.accept(newOperation(number, { input }), null);
    const directory = dirname(temporaryFile());
    chmodSync(directory, 0o700);
    const copying = writeBackup(
      async (draft) => {
        const copy = store.copy(draft);
        await store.close();
        await copy;
      },
      join(directory, 'backup.db'),
      SWEPT,
    );
    const [result] = await Promise.allSettled([copying]);
    expect(result?.status === 'fulfilled' || !existsSync(join(directory, 'backup.db'))).toBe(true);
    expect(readdirSync(directory).filter((name) => name !== 'backup.db')).toEqual([]);
  });
});

/** null: it is no database, or has no such table. */
function operationsIn(file: string): unknown {
  try {
    return look(file).prepare('SELECT count(*) FROM operations').pluck().get();
  } catch {
    return null;
  }
}
