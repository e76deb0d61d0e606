import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBench, type WorkerBench } from '../worker-bench.ts';

let bench: WorkerBench;

beforeEach(() => {
  bench = createBench();
});

afterEach(() => bench.remove());

const source = (name = '.') => join(bench.workspace, 'source', name);
const write = (path: string, text: string): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};

async function unpack(files: Record<string, string | Uint8Array>) {
  const entries = Object.entries(files).map(([name, text]) => [
    name,
    typeof text === 'string' ? strToU8(text) : text,
  ]);
  return unpackBytes(zipSync(Object.fromEntries(entries)));
}

/** Two stored files, `a` and `b`, with the directory entry of `b` changed. */
function tampered(change: (entry: DataView) => void): Uint8Array {
  const zip = zipSync({ a: new Uint8Array(3_000), b: new Uint8Array(3_000) }, { level: 0 });
  const directory = Buffer.from(zip).lastIndexOf('PK\x01\x02', undefined, 'latin1');
  change(new DataView(zip.buffer, zip.byteOffset + directory));
  return zip;
}

async function unpackBytes(zip: Uint8Array) {
  const file = join(bench.directory, 'upload.zip');
  writeFileSync(file, zip);
  const worker = await bench.start({ source: { kind: 'upload', file } });
  return (await worker.ended).outcome;
}

describe('an upload', () => {
  test('is unpacked into the workspace', async () => {
    const outcome = await unpack({ 'package.xml': '<Package/>', 'classes/Foo.cls': 'class Foo {}' });
    expect(outcome).toEqual({ state: 'succeeded', result: { directory: source(), commitId: null } });
    expect(readFileSync(source('classes/Foo.cls'), 'utf8')).toBe('class Foo {}');
  });

  test('may hold its project in one folder', async () => {
    const outcome = await unpack({ 'crm-1/sfdx-project.json': '{}', 'crm-1/a.txt': 'a' });
    expect(outcome).toMatchObject({ state: 'succeeded', result: { directory: source('crm-1') } });
  });

  test('that names a path outside is refused', async () => {
    for (const name of ['../evil', 'a/../../evil', '/etc/evil', 'C:/evil', 'a\\..\\..\\evil']) {
      expect(await unpack({ 'package.xml': '', [name]: 'x' }), name).toMatchObject({
        state: 'failed',
        error: { code: 'source-invalid', message: expect.stringContaining('leads out of it') },
      });
    }
  });

  test('with a name that no file can have is refused by that name', async () => {
    for (const name of ['package.xml/inner', 'n'.repeat(300), '.']) {
      expect(await unpack({ 'package.xml': '', [name]: 'x' }), name).toMatchObject({
        error: { code: 'source-invalid', message: expect.stringContaining(name.slice(0, 200)) },
      });
    }
  });

  test('makes no link of a link', async () => {
    const zip = zipSync({
      'package.xml': strToU8('x'),
      link: [strToU8('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }],
    });
    expect(await unpackBytes(zip)).toMatchObject({ state: 'succeeded' });
    expect(readFileSync(source('link'), 'utf8')).toBe('/etc/passwd');
  });

  test('with too many files is refused before one is written', async () => {
    const files = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`f/${index}`, '']));
    expect(await unpack(files)).toMatchObject({
      state: 'failed',
      error: { code: 'too-large', message: 'The upload has 10,001 files, and 10,000 are allowed.' },
    });
  });

  test('that would grow beyond the limit is refused', async () => {
    const zip = zipSync({ 'package.xml': new Uint8Array(1_000) });
    const directory = Buffer.from(zip).lastIndexOf('PK\x01\x02', undefined, 'latin1');
    new DataView(zip.buffer, zip.byteOffset).setUint32(directory + 24, 700 * 1024 * 1024, true);
    expect(await unpackBytes(zip)).toMatchObject({
      error: { code: 'too-large', message: 'The upload has 700 MB, and 600 MB are allowed.' },
    });
  });

  test('whose entries share their bytes, or lie about them, is refused before one is written', async () => {
    const contradict = { error: { code: 'source-invalid', message: expect.stringContaining('contradict') } };
    expect(await unpackBytes(tampered((entry) => entry.setUint32(24, 0, true)))).toMatchObject(contradict);
    expect(await unpackBytes(tampered((entry) => entry.setUint32(20, 4_000, true)))).toMatchObject(
      contradict,
    );
    // `a` a second time
    expect(await unpackBytes(tampered((entry) => entry.setUint8(46, 97)))).toMatchObject(contradict);
    expect(() => readFileSync(source('a'))).toThrow('ENOENT');
  });

  test('that is no zip file says so', async () => {
    expect(await unpackBytes(Buffer.from('not a zip'))).toMatchObject({ error: { code: 'source-invalid' } });
  });
});

describe('a directory', () => {
  test('is copied without what is no source code', async () => {
    const directory = join(bench.directory, 'crm');
    write(join(directory, 'sfdx-project.json'), '{}');
    write(join(directory, '.git/config'), 'x');
    write(join(directory, 'node_modules/a/index.js'), 'x');
    write(join(directory, 'force-app/a.txt'), 'a');
    symlinkSync('a.txt', join(directory, 'force-app/b.txt'));
    const worker = await bench.start({ source: { kind: 'directory', directory } });
    expect((await worker.ended).outcome).toEqual({
      state: 'succeeded',
      result: { directory: source(), commitId: null },
    });
    expect(readFileSync(source('force-app/b.txt'), 'utf8')).toBe('a');
    expect(() => readFileSync(source('.git/config'))).toThrow('ENOENT');
    expect(worker.reports).toContainEqual({
      kind: 'step',
      step: 'source',
      title: 'Copy crm',
      state: 'done',
      detail: '3 files',
    });
  });

  test('with a link that leads out is refused', async () => {
    const directory = join(bench.directory, 'crm');
    write(join(directory, 'sfdx-project.json'), '{}');
    symlinkSync('/etc/passwd', join(directory, 'passwd'));
    const worker = await bench.start({ source: { kind: 'directory', directory } });
    expect((await worker.ended).outcome).toMatchObject({
      state: 'failed',
      error: { code: 'source-invalid', message: 'The link passwd leads out of the directory, or nowhere.' },
    });
  });

  test('that was replaced by a link after it was resolved is refused', async () => {
    const elsewhere = join(bench.directory, 'elsewhere');
    write(join(elsewhere, 'sfdx-project.json'), '{}');
    symlinkSync(elsewhere, join(bench.directory, 'crm'));
    const source = { kind: 'directory', directory: join(bench.directory, 'crm') } as const;
    const worker = await bench.start({ source });
    expect((await worker.ended).outcome).toMatchObject({
      state: 'failed',
      error: { code: 'source-invalid', message: expect.stringContaining('replaced meanwhile') },
    });
  });
});
