import {
  appendFileSync,
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Retention } from '../../contract/retention.ts';

/** What `start` without `--no-board` sends the server's output to. */
const LOG = 'daemon.log';
const MEGABYTE = 1024 * 1024;
const DAY_MS = 86_400_000;
/** The log is laid aside at a tenth of what all may have, so that at most a tenth is lost at once. */
const SHARE = 10;

/**
 * Keeps `daemon.log` and what was laid aside of it within the limits. The file stays open in whoever writes it, so its text is
 * copied and the file emptied: all that is written meanwhile is written by this very process, which does not during the last step.
 */
export async function keepLogs(directory: string, limits: Retention['logs'], now: Date): Promise<void> {
  const file = join(directory, LOG);
  const aside = await listAside(directory);
  const found = await stat(file).catch(() => null);
  const newest = aside.at(-1)?.changedAt ?? found?.birthtimeMs ?? now.getTime();
  const large = (found?.size ?? 0) >= (limits.atMostMegabytes * MEGABYTE) / SHARE;
  const old = (found?.size ?? 0) > 0 && now.getTime() - newest >= DAY_MS;
  if (large || old) await layAside(file, `${file}.${now.toISOString().replaceAll(':', '-')}`);
  removeOver(await listAside(directory), limits, now);
}

interface Aside {
  readonly file: string;
  readonly changedAt: number;
  readonly bytes: number;
}

/** The oldest first. */
async function listAside(directory: string): Promise<readonly Aside[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.startsWith(`${LOG}.`));
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(directory, name);
      const known = await stat(file).catch(() => null);
      return known === null ? [] : [{ file, changedAt: known.mtimeMs, bytes: known.size }];
    }),
  );
  return found.flat().sort((one, other) => one.changedAt - other.changedAt);
}

async function layAside(file: string, target: string): Promise<void> {
  const draft = `${target}.part`;
  const { size } = await stat(file);
  await pipeline(
    createReadStream(file, { end: size - 1 }),
    createWriteStream(draft, { mode: 0o600, flags: 'w' }),
  );
  const log = openSync(file, 'r+');
  try {
    const rest = Buffer.alloc(Math.max(0, fstatSync(log).size - size));
    readSync(log, rest, 0, rest.length, size);
    appendFileSync(draft, rest);
    ftruncateSync(log, 0);
  } finally {
    closeSync(log);
  }
  renameSync(draft, target);
}

function removeOver(aside: readonly Aside[], limits: Retention['logs'], now: Date): void {
  let bytes = 0;
  for (const one of aside.toReversed()) {
    bytes += one.bytes;
    const over = bytes > limits.atMostMegabytes * MEGABYTE;
    if (over || now.getTime() - one.changedAt > limits.days * DAY_MS) rmSync(one.file, { force: true });
  }
}
