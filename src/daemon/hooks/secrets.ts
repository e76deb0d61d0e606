import { AppError } from '../../contract/errors.ts';
import { parseSecret } from '../../contract/secret.ts';

/** What is read of a vault here. */
export interface SecretSource {
  get(account: string): Promise<string | null>;
}

export interface HookSecrets {
  /** Runs `use` with the secret; once more with a fresh one where a remembered one may be out of date. */
  withSecret<T>(account: string, use: (secret: string) => T): Promise<T>;
}

/** How long a webhook's secret stays in memory; a refused signature makes it be read again after the pause. */
const KEPT_MS = 30_000;
const PAUSE_MS = 1_000;

interface Remembered {
  readonly readAt: number;
  readonly secret: Promise<string | null>;
}

/** Inbound signing secrets: the only ones that the daemon ever holds. */
export function createHookSecrets(open: () => Promise<SecretSource>): HookSecrets {
  const remembered = new Map<string, Remembered>();

  const read = (account: string, keptMs: number): Remembered => {
    const at = performance.now();
    const known = remembered.get(account);
    if (known !== undefined && at - known.readAt < keptMs) return known;
    const secret = open().then(async (vault) => await vault.get(account));
    const fresh = { readAt: at, secret };
    remembered.set(account, fresh);
    secret.then(
      (value) => value === null && forget(account, fresh),
      () => forget(account, fresh),
    );
    return fresh;
  };
  const forget = (account: string, read: Remembered) => {
    if (remembered.get(account) === read) remembered.delete(account);
  };

  return {
    async withSecret(account, use) {
      const first = read(account, KEPT_MS);
      const secret = await present(first.secret, account);
      try {
        return use(secret);
      } catch (error) {
        const again = await present(read(account, PAUSE_MS).secret, account);
        if (again === secret) throw error;
        return use(again);
      }
    },
  };
}

/** An empty secret would let everybody sign. */
async function present(secret: Promise<string | null>, account: string): Promise<string> {
  const value = await secret;
  const name = account.slice(account.lastIndexOf('/') + 1);
  if (value === null || value === '') {
    throw new AppError('hook-secret-missing', `The vault has no secret "${name}" for this hook.`);
  }
  const { kind } = parseSecret(value);
  if (kind === 'plain') return value;
  throw new AppError(
    'hook-secret-missing',
    `The secret "${name}" is of kind ${kind}, which signs no webhook.`,
  );
}
