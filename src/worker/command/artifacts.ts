import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { glob, lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Artifact } from '../../contract/command.ts';
import type { TaskWork } from '../work.ts';
import { isInside } from '../workspace.ts';

const MEGABYTE = 1024 * 1024;
/** What is kept of one operation. */
export const ARTIFACT_LIMIT = { files: 200, fileBytes: 20 * MEGABYTE, bytes: 100 * MEGABYTE } as const;

export interface Kept {
  readonly artifacts: readonly Artifact[];
  readonly leftOut: number;
}

interface Found {
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
}

/**
 * Copies what a command's globs name, once none of its programs runs any more. Only files count, and only those that really lie
 * below `from`. Secrets are masked in text as they are in what is printed; a file that is no text and holds one is left out.
 */
export async function keepArtifacts(
  { mask, report }: Pick<TaskWork, 'mask' | 'report'>,
  { from, to, globs }: { readonly from: string; readonly to: string; readonly globs: readonly string[] },
): Promise<Kept> {
  const kept: Artifact[] = [];
  let leftOut = 0;
  let bytes = 0;
  for (const found of await findFiles(from, globs)) {
    const fits = kept.length < ARTIFACT_LIMIT.files && found.bytes <= ARTIFACT_LIMIT.fileBytes;
    const content =
      fits && bytes + found.bytes <= ARTIFACT_LIMIT.bytes ? masked(await readFile(found.file), mask) : null;
    if (content === null) {
      leftOut += 1;
      report.log('warn', `${found.name} is not kept: it is too large, or no text and holds a secret.`);
      continue;
    }
    const name = mask(found.name);
    await mkdir(dirname(join(to, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(to, name), content, { mode: 0o600 });
    bytes += content.length;
    kept.push({ name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
  }
  return { artifacts: kept, leftOut };
}

async function findFiles(from: string, globs: readonly string[]): Promise<readonly Found[]> {
  const root = await realpath(from);
  const found = new Map<string, Found>();
  for await (const path of glob([...globs], { cwd: root })) {
    const file = join(root, path);
    const about = await lstat(file).catch(() => null);
    if (about?.isFile() !== true || !isInside(await realpath(file), root)) continue;
    found.set(file, { file, name: relative(root, file), bytes: about.size });
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Null: it cannot be masked without harm. */
function masked(content: Buffer, mask: (text: string) => string): Buffer | null {
  if (isUtf8(content)) return Buffer.from(mask(content.toString('utf8')), 'utf8');
  const text = content.toString('latin1');
  return mask(text) === text ? content : null;
}
