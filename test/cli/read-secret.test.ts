import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSecret } from '../../src/cli/read-secret.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-secret-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function input(text: string): ReadStream {
  const stream = new PassThrough();
  stream.end(text);
  return stream as unknown as ReadStream;
}

describe('a secret', () => {
  test('comes from standard input, without its final newline', async () => {
    expect(await readSecret({ what: 'the secret', input: input('two\nlines\n') })).toBe('two\nlines');
    expect(await readSecret({ what: 'the secret', file: '-', input: input('x') })).toBe('x');
  });

  test('comes from a file', async () => {
    const file = join(directory, 'key');
    writeFileSync(file, 'from a file\r\n');
    expect(await readSecret({ what: 'the secret', file })).toBe('from a file');
  });

  test.each([
    ['nothing', ''],
    ['a newline only', '\n'],
    ['far too much', 'x'.repeat(70_000)],
  ])('is refused when there is %s', async (_name, text) => {
    await expect(readSecret({ what: 'the secret', input: input(text) })).rejects.toMatchObject({
      code: 'secret-invalid',
    });
  });

  test('names the file that cannot be read', async () => {
    const file = join(directory, 'none');
    await expect(readSecret({ what: 'the secret', file })).rejects.toThrow(`${file} does not exist.`);
  });
});
