import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Paths } from '../../config/paths.ts';
import type { Store } from '../store/port.ts';

const EVERY_MS = 600_000;
/** An upload that is still being received, or not recorded yet, is younger than this; one that was recorded expires earlier. */
const FORGOTTEN_MS = 48 * 3_600_000;

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
  await removeForgotten(paths.uploads, now().getTime() - FORGOTTEN_MS);
}

/** What a daemon that was killed had not received to its end, had not recorded yet, or had no time left to remove. */
async function removeForgotten(uploads: string, before: number): Promise<void> {
  for (const name of await readdir(uploads).catch(() => [])) {
    const file = join(uploads, name);
    const found = await stat(file).catch(() => null);
    if (found !== null && found.mtimeMs < before) await rm(file, { force: true });
  }
}
