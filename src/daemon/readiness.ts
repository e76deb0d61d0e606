import { statfs } from 'node:fs/promises';
import type { Logger } from 'pino';
import { AppError } from '../contract/errors.ts';
import type { Readiness } from '../contract/server.ts';

/** What can keep the server from doing its work. A check answers with a remark, or throws. */
export interface ReadinessParts {
  readonly home: string;
  /** Null once work is taken up; otherwise what the server is still (or already) busy with. */
  readonly busyWith: () => string | null;
  readonly checkStore: () => Promise<unknown>;
  readonly checkVault: () => Promise<unknown>;
  readonly log: Logger;
}

/** Below this the database may fail at any commit. */
const FREE_BYTES = 100 * 1024 * 1024;
const CHECK_LIMIT_MS = 5_000;
/** How long an answer about the vault holds: a keychain is asked over a bus. */
const VAULT_HOLDS_MS = 10_000;
/** The same of the store: the check writes. */
const STORE_HOLDS_MS = 2_000;

export function createReadiness(parts: ReadinessParts): () => Promise<Readiness> {
  const vault = remembered(parts.checkVault, VAULT_HOLDS_MS);
  const store = remembered(parts.checkStore, STORE_HOLDS_MS);
  return async () => {
    const checks = await Promise.all([
      check('dispatch', async () => checkDispatch(parts), parts.log),
      check('store', store, parts.log),
      check('disk', async () => await checkDisk(parts.home), parts.log),
      check('vault', vault, parts.log),
    ]);
    return { ready: checks.every(({ ok }) => ok), checks };
  };
}

async function check(
  name: string,
  run: () => Promise<unknown>,
  log: Logger,
): Promise<Readiness['checks'][number]> {
  try {
    await within(run(), CHECK_LIMIT_MS);
    return { name, ok: true, detail: '' };
  } catch (error) {
    if (!(error instanceof AppError)) log.warn({ err: error, check: name }, 'readiness check failed');
    const detail = error instanceof AppError ? error.message : 'It failed; the log says how.';
    return { name, ok: false, detail };
  }
}

function checkDispatch(parts: ReadinessParts): void {
  const reason = parts.busyWith();
  if (reason !== null) throw new AppError('shutting-down', reason);
}

async function checkDisk(home: string): Promise<void> {
  const { bavail, bsize } = await statfs(home);
  if (bavail * bsize >= FREE_BYTES) return;
  const left = Math.floor((bavail * bsize) / 1024 / 1024);
  throw new AppError('store-unavailable', `The disk of the home has ${left} MB left.`);
}

function remembered(run: () => Promise<unknown>, holdsMs: number): () => Promise<unknown> {
  let last: { readonly at: number; readonly result: Promise<unknown> } | null = null;
  return async () => {
    const at = performance.now();
    if (last === null || at - last.at >= holdsMs) {
      last = { at, result: run() };
      last.result.catch(() => undefined); // each reader hears of it below
    }
    return await last.result;
  };
}

async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new AppError('store-unavailable', `No answer within ${limitMs / 1_000} s.`)),
    limitMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
