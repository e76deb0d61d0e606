import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { glob, lstat, mkdir, open, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Artifact } from '../../contract/command.ts';
import { isInside } from '../../contract/inside.ts';
import type { TaskWork } from '../work.ts';

const MEGABYTE = 1024 * 1024;
/** What is kept of one operation. */
export const ARTIFACT_LIMIT = { files: 200, fileBytes: 20 * MEGABYTE, bytes: 100 * MEGABYTE } as const;

export interface Kept {
  readonly artifacts: readonly Artifact[];
  readonly leftOut: number;
}

/**
 * Copies what a command's globs name, once none of its programs runs any more. Only files count, and only those that really lie
 * below `from`. Secrets are masked in text as they are in what is printed; a file that is no text and holds one is left out. What
 * cannot be read or kept is left out too, with a word: it says nothing about what became of the command.
 */
export async function keepArtifacts(
  { mask, report }: Pick<TaskWork, 'mask' | 'report'>,
  { from, to, globs }: { readonly from: string; readonly to: string; readonly globs: readonly string[] },
): Promise<Kept> {
  const kept: Artifact[] = [];
  const names = new Set<string>();
  let leftOut = 0;
  let room: number = ARTIFACT_LIMIT.bytes;
  const leaveOut = (name: string, why: string): void => {
    leftOut += 1;
    report.log('warn', `${name} is not kept: ${why}.`);
  };
  const keep = async (root: string, found: string): Promise<void> => {
    if (kept.length >= ARTIFACT_LIMIT.files) return leaveOut(found, `${ARTIFACT_LIMIT.files} files are`);
    const read = await readInside(root, found, Math.min(room, ARTIFACT_LIMIT.fileBytes));
    if (read === null) return;
    const content = read === 'too-large' ? null : masked(read, mask);
    if (content === null) return leaveOut(found, 'it is too large, or no text and holds a secret');
    const name = unlike(names, mask(found));
    await mkdir(dirname(join(to, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(to, name), content, { mode: 0o600, flag: 'wx' });
    names.add(name);
    room -= content.length;
    kept.push({ name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
  };
  try {
    const root = await realpath(from);
    for (const found of await namesIn(root, globs)) {
      await keep(root, found).catch((error: unknown) => leaveOut(found, reasonOf(error)));
    }
  } catch (error) {
    leaveOut('What lies in its directory', reasonOf(error));
  }
  return { artifacts: kept, leftOut };
}

async function namesIn(root: string, globs: readonly string[]): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const path of glob([...globs], { cwd: root })) names.add(relative(root, join(root, path)));
  return [...names].sort();
}

/** Null: it is no file, or does not really lie below the root. What is read is what was looked at, whatever its name leads to by then. */
async function readInside(
  root: string,
  name: string,
  atMostBytes: number,
): Promise<Buffer | 'too-large' | null> {
  const path = join(root, name);
  const about = await lstat(path);
  if (!about.isFile() || !isInside(await realpath(path), root)) return null;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const opened = await file.stat();
    if (opened.dev !== about.dev || opened.ino !== about.ino) return null;
    if (opened.size > atMostBytes) return 'too-large';
    const { buffer, bytesRead } = await file.read(Buffer.alloc(opened.size), 0, opened.size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Two names may be the same once they are masked. */
function unlike(taken: ReadonlySet<string>, name: string): string {
  let unlike = name;
  for (let number = 2; taken.has(unlike); number += 1) unlike = `${name}.${number}`;
  return unlike;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Null: it cannot be masked without harm. */
function masked(content: Buffer, mask: (text: string) => string): Buffer | null {
  if (isUtf8(content)) return Buffer.from(mask(content.toString('utf8')), 'utf8');
  const text = content.toString('latin1');
  return mask(text) === text ? content : null;
}
