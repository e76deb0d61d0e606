import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copyDirectory } from '../../../src/worker/source/copy-directory.ts';

let root: string;
let from: string;
let to: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-copy-')));
  [from, to] = [join(root, 'from'), join(root, 'to')];
  for (const path of [join(from, 'inner'), join(root, 'outside')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(from, 'inner', 'file'), 'source', { mode: 0o755 });
  writeFileSync(join(root, 'outside', 'file'), 'secret');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const copy = (openFile?: typeof open) =>
  copyDirectory(from, to, new AbortController().signal, openFile ?? open);

/** Somebody changes the directory when a path has been looked at, and puts it back when it has been opened. */
function exchanging(exchange: () => void, putBack: () => void): typeof open {
  return async (...words) => {
    exchange();
    try {
      return await open(...words);
    } finally {
      putBack();
    }
  };
}

describe('the copy of a directory', () => {
  test('keeps what may be run, and nothing of a link but what it leads to', async () => {
    symlinkSync('inner/file', join(from, 'link'));
    expect(await copy()).toEqual({ files: 2, bytes: 12 });
    expect(readFileSync(join(to, 'link'), 'utf8')).toBe('source');
    expect(statSync(join(to, 'inner', 'file')).mode & 0o100).toBe(0o100);
  });

  test('is refused when a file becomes a link that leads out between the look and the copy', async () => {
    const file = join(from, 'inner', 'file');
    const swapped = exchanging(
      () => {
        renameSync(file, `${file}.kept`);
        symlinkSync(join(root, 'outside', 'file'), file);
      },
      () => renameSync(`${file}.kept`, file),
    );
    await expect(copy(swapped)).rejects.toMatchObject({ code: 'source-invalid' });
    expect(existsSync(join(to, 'inner', 'file'))).toBe(false);
  });

  test('is refused when the directory around a file becomes such a link, also when it is back at once', async () => {
    const inner = join(from, 'inner');
    const swapped = exchanging(
      () => {
        renameSync(inner, `${inner}.kept`);
        symlinkSync(join(root, 'outside'), inner);
      },
      () => {
        rmSync(inner);
        renameSync(`${inner}.kept`, inner);
      },
    );
    await expect(copy(swapped)).rejects.toMatchObject({
      code: 'source-invalid',
      message: expect.stringContaining('leads out'),
    });
    expect(existsSync(join(to, 'inner', 'file'))).toBe(false);
  });
});
