import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../contract/errors.ts';
import { createFile, replaceFile, syncDirectory } from './durable-file.ts';
import { KEY_BYTES, newKey, type SealedSecret, seal, unseal } from './sealed-secret.ts';
import type { Vault } from './vault.ts';

/**
 * The vault of a machine without a keychain: `secrets/<digest>.json` holds one secret under AES-256-GCM, and
 * `keys/<digest>.key` the random key of that secret alone. The digest is of the account name, so no name can lead
 * anywhere else.
 *
 * What that is good for: one leaked file, a backup of only one of the two directories, a `cat` in the wrong place or a
 * disk image without `keys/` give nothing away, and removing a key makes every old copy of its secret useless. What it is
 * not: root and the server's own user read both directories, as they must for a server that starts without a person.
 */
export async function openFileVault(directory: string): Promise<Vault> {
  const places = { secrets: join(directory, 'secrets'), keys: join(directory, 'keys') };
  await guarded(directory, async () => {
    for (const place of [directory, places.secrets, places.keys]) {
      await mkdir(place, { recursive: true, mode: 0o700 });
      await chmod(place, 0o700);
    }
  });
  return {
    provider: 'file',
    get: (account) => guarded(directory, () => readSecret(places, account)),
    set: (account, secret) => guarded(directory, () => writeSecret(places, account, secret)),
    remove: (account) => guarded(directory, () => removeSecret(places, account)),
    list: (prefix) => guarded(directory, () => listAccounts(places, prefix)),
  };
}

interface Places {
  readonly secrets: string;
  readonly keys: string;
}

async function readSecret(places: Places, account: string): Promise<string | null> {
  const sealed = await readSealed(secretFile(places, account));
  if (sealed === null) return null;
  const key = await readIfThere(keyFile(places, account));
  const secret = key === null || sealed === 'damaged' ? null : unseal(sealed, key, account);
  if (secret === null) throw damaged(account);
  return secret;
}

async function writeSecret(places: Places, account: string, secret: string): Promise<void> {
  const key = await keyOf(places, account);
  await replaceFile(secretFile(places, account), JSON.stringify(seal(secret, key, account)));
}

/** The secret goes first: a crash in between leaves a key that opens nothing. */
async function removeSecret(places: Places, account: string): Promise<boolean> {
  const removed = await unlinkIfThere(secretFile(places, account));
  await unlinkIfThere(keyFile(places, account));
  await syncDirectory(places.secrets);
  await syncDirectory(places.keys);
  return removed;
}

async function listAccounts(places: Places, prefix: string): Promise<string[]> {
  const names = (await readdir(places.secrets)).filter((name) => name.endsWith('.json'));
  const files = await Promise.all(names.map((name) => readSealed(join(places.secrets, name))));
  return files
    .flatMap((sealed) => (sealed === null || sealed === 'damaged' ? [] : [sealed.account]))
    .filter((account) => account.startsWith(prefix))
    .sort();
}

/** The key of an account, made at its first secret. Two writers agree on the one that was there first. */
async function keyOf(places: Places, account: string): Promise<Buffer> {
  const file = keyFile(places, account);
  const existing = await readIfThere(file);
  if (existing?.length === KEY_BYTES) return existing;
  const key = newKey();
  if (existing !== null) {
    await replaceFile(file, key);
    return key;
  }
  return (await createFile(file, key)) ? key : keyOf(places, account);
}

async function readSealed(file: string): Promise<SealedSecret | 'damaged' | null> {
  const text = await readIfThere(file);
  if (text === null) return null;
  try {
    const value = JSON.parse(text.toString('utf8')) as SealedSecret | null;
    return typeof value?.account === 'string' ? value : 'damaged';
  } catch {
    return 'damaged';
  }
}

function secretFile(places: Places, account: string): string {
  return join(places.secrets, `${digest(account)}.json`);
}

function keyFile(places: Places, account: string): string {
  return join(places.keys, `${digest(account)}.key`);
}

function digest(account: string): string {
  return createHash('sha256').update(account, 'utf8').digest('hex');
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function unlinkIfThere(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function damaged(account: string): AppError {
  return new AppError(
    'secret-damaged',
    `The secret ${account} in the file vault is damaged or was moved from another place.`,
  );
}

/** A full disk or a missing permission is said in one sentence. */
async function guarded<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new AppError(
      'vault-unavailable',
      `The file vault ${directory} cannot be used: ${(error as Error).message}.`,
      { cause: error, hint: 'Check the owner, the permissions and the free space of the home.' },
    );
  }
}
