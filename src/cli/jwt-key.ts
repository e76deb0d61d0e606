import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError } from '../contract/errors.ts';
import { unreadable } from './unreadable.ts';

/** Salesforce signs JWT logins with RS256, so the key is an RSA one, in PEM. AppError `secret-invalid`. */
export async function readJwtKey(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('secret-invalid', `The key file ${file} ${unreadable(cause)}.`, {
      cause,
      hint: 'Name a file that you may read.',
    });
  });
  const type = keyType(text);
  if (type === 'rsa') return text;
  const found = type === null ? 'no unencrypted private key' : `a private key of type ${type}`;
  throw new AppError('secret-invalid', `${file} holds ${found}, where an RSA key in PEM form is needed.`, {
    hint: 'Make one with: openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt',
  });
}

/** Null: no key; what OpenSSL says about it could quote it. */
function keyType(text: string): string | null {
  try {
    return createPrivateKey(text).asymmetricKeyType ?? null;
  } catch {
    return null;
  }
}
