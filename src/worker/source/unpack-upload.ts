import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type UnzipFileInfo, unzipSync } from 'fflate';
import { AppError } from '../../contract/errors.ts';
import { checkSize, DEPLOYMENT_LIMIT } from './limits.ts';
import { PROJECT_FILE } from './project.ts';

/** Unpacked at a time, so that a large upload does not need its whole size in memory. */
const BATCH_BYTES = 32 * 1024 * 1024;
/** A directory of the zip may claim more entries than there are bytes to read them from. */
const LISTED_LIMIT = 100_000;

/** Every entry becomes an ordinary file inside the target; a link in the archive becomes a file that holds its text. */
export async function unpackUpload(
  file: string,
  target: string,
): Promise<{ readonly directory: string; readonly files: number }> {
  const zip = await readFile(file);
  const entries = listEntries(zip);
  const size = { files: entries.length, bytes: entries.reduce((sum, entry) => sum + entry.originalSize, 0) };
  checkSize('The upload', size, DEPLOYMENT_LIMIT);
  for (const entry of entries) checkName(entry.name);
  checkContent(entries, zip.length);
  for (const batch of batches(entries)) await unpack(zip, batch, target);
  return { directory: await rootOf(target), files: entries.length };
}

function listEntries(zip: Uint8Array): readonly UnzipFileInfo[] {
  const entries: UnzipFileInfo[] = [];
  let listed = 0;
  read(zip, (entry) => {
    listed += 1;
    if (listed > LISTED_LIMIT) throw new Error('it lists too many files');
    if (!entry.name.endsWith('/')) entries.push(entry);
    return false;
  });
  return entries;
}

function read(zip: Uint8Array, filter: (entry: UnzipFileInfo) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, { filter });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('source-invalid', `The upload is not a zip file that can be read: ${reason}.`, {
      cause: error,
    });
  }
}

/** A name may not lead out of the target ("zip slip"), on no system. */
function checkName(name: string): void {
  const parts = name.split(/[/\\]/);
  const bad = name === '' || name.includes('\0') || /^([/\\]|[A-Za-z]:)/.test(name) || parts.includes('..');
  if (bad)
    throw new AppError(
      'source-invalid',
      `The upload names a path that leads out of it: ${name.slice(0, 200)}`,
    );
}

/**
 * Entries that share their bytes, or lie about them, grow past every limit that was checked: then a small zip would fill
 * memory and disk ("zip bomb"). Of a compressed entry no more than its stated size is unpacked.
 */
function checkContent(entries: readonly UnzipFileInfo[], zipBytes: number): void {
  const packed = entries.reduce((sum, { size }) => sum + size, 0);
  const names = new Set(entries.map(({ name }) => name));
  const lies = entries.some(
    ({ compression, size, originalSize }) => compression === 0 && size !== originalSize,
  );
  if (packed <= zipBytes && names.size === entries.length && !lies) return;
  throw new AppError('source-invalid', 'The upload is a zip file whose entries contradict each other.');
}

function batches(entries: readonly UnzipFileInfo[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const { name, originalSize } of entries) {
    bytes += originalSize;
    if (bytes > BATCH_BYTES) {
      all.push([]);
      bytes = originalSize;
    }
    all.at(-1)?.push(name);
  }
  return all;
}

async function unpack(zip: Uint8Array, names: readonly string[], target: string): Promise<void> {
  const wanted = new Set(names);
  for (const [name, content] of Object.entries(read(zip, (entry) => wanted.has(entry.name)))) {
    await writeEntry(join(target, name), content, name);
  }
}

/** What no file system holds: one name for a file and a directory, or a name that is too long. */
const IMPOSSIBLE = ['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'];

async function writeEntry(path: string, content: Uint8Array, name: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!IMPOSSIBLE.includes(code)) throw error;
    throw new AppError('source-invalid', `The upload names a file that cannot be: ${name.slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** Many tools pack a folder and not its content. */
async function rootOf(target: string): Promise<string> {
  const entries = (await readdir(target, { withFileTypes: true })).filter(({ name }) => name !== '__MACOSX');
  const [only] = entries;
  if (entries.length !== 1 || !only?.isDirectory()) return target;
  const inner = join(target, only.name);
  const names = await readdir(inner);
  return names.includes(PROJECT_FILE) || names.includes('package.xml') ? inner : target;
}
