import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { AppError } from '../../contract/errors.ts';

/** Salesforce takes an assertion that ends within five minutes; clocks differ a little. */
const LIFETIME_SECONDS = 180;

export interface AssertionParts {
  readonly clientId: string;
  readonly username: string;
  readonly loginUrl: string;
  readonly privateKey: string;
}

/** A JWT bearer assertion (RFC 7523) as Salesforce wants it: RS256, its audience the login host, its end in seconds. */
export function signAssertion(login: AssertionParts, now: Date): string {
  const claims = {
    iss: login.clientId,
    sub: login.username,
    aud: new URL(login.loginUrl).origin,
    exp: Math.floor(now.getTime() / 1_000) + LIFETIME_SECONDS,
  };
  return signJwt(claims, { privateKey: login.privateKey, whose: `the login of ${login.username}` });
}

export interface SigningKey {
  readonly privateKey: string;
  /** For the error. */
  readonly whose: string;
}

/** A JWT under RS256. AppError secret-damaged: the key is none. */
export function signJwt(claims: object, key: SigningKey): string {
  const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), readKey(key)).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function readKey({ privateKey, whose }: SigningKey): KeyObject {
  const key = tryRead(privateKey);
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw new AppError('secret-damaged', `The private key of ${whose} is no RSA key in PEM form.`);
}

function tryRead(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
