import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Paths } from '../../config/paths.ts';
import type { Store } from '../store/port.ts';

const EVERY_MS = 600_000;
/** An upload that is still being received is younger than this. */
const UNFINISHED_MS = 24 * 3_600_000;

export interface ExpiryOptions {
  readonly store: Pick<Store, 'expireUploads'>;
  readonly paths: Pick<Paths, 'uploads'>;
  readonly log: Logger;
  readonly now: () => Date;
  readonly everyMs?: number;
}

/** Removes uploads whose time is over: first the record, so that nobody is promised a file that is gone. */
export function createExpiry(options: ExpiryOptions): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> = Promise.resolve();
  const look = (): void => {
    looking = looking
      .then(() => expireUploads(options))
      .catch((error: unknown) => options.log.error({ err: error }, 'expired uploads could not be removed'));
  };
  return {
    start() {
      timer ??= setInterval(look, options.everyMs ?? EVERY_MS);
      look();
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      await looking;
    },
  };
}

async function expireUploads({ store, paths, now }: ExpiryOptions): Promise<void> {
  for (const { id } of await store.expireUploads(now().toISOString())) {
    await rm(join(paths.uploads, id), { force: true });
  }
  const before = now().getTime() - UNFINISHED_MS;
  for (const file of await unfinishedUploads(paths.uploads)) {
    const found = await stat(file).catch(() => null);
    if (found !== null && found.mtimeMs < before) await rm(file, { force: true });
  }
}

/** What a daemon that was killed had not received to its end. */
async function unfinishedUploads(uploads: string): Promise<readonly string[]> {
  const names = await readdir(uploads).catch(() => []);
  return names.filter((name) => name.endsWith('.part')).map((name) => join(uploads, name));
}
