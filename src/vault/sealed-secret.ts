import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** AES-256: 32 bytes of key; GCM: 12 bytes of nonce, new for every write (NIST SP 800-38D, 8.2.2). */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';
const FORMAT = 'sfp-secret-1';

/** What a file of the vault holds. The account is readable, so that secrets can be listed, and sealed with the rest. */
export interface SealedSecret {
  readonly format: typeof FORMAT;
  readonly account: string;
  readonly nonce: string;
  readonly tag: string;
  readonly ciphertext: string;
}

export function newKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

export function seal(secret: string, key: Buffer, account: string): SealedSecret {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(account));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return {
    format: FORMAT,
    account,
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    ciphertext: ciphertext.toString('base64'),
  };
}

/** Null: changed, cut, under another key, or sealed for another account. */
export function unseal(sealed: SealedSecret, key: Buffer, account: string): string | null {
  if (sealed.format !== FORMAT) return null;
  try {
    const nonce = Buffer.from(sealed.nonce, 'base64');
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(account));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    const start = decipher.update(Buffer.from(sealed.ciphertext, 'base64'));
    return Buffer.concat([start, decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** A file copied over another account's file does not open. */
function boundTo(account: string): Buffer {
  return Buffer.from(`${FORMAT}\n${account}`, 'utf8');
}
