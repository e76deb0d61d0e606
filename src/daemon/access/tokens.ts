import { hash, randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import {
  API_TOKEN,
  type ApiToken,
  type ApiTokenRequest,
  type CreatedApiToken,
} from '../../contract/access.ts';
import { AppError } from '../../contract/errors.ts';
import type { Store } from '../store/port.ts';

/** 256 random bits; the answer is the only place where the token itself is ever seen. */
export async function createToken(
  store: Pick<Store, 'createToken'>,
  wanted: { readonly tenant: string; readonly request: ApiTokenRequest; readonly now: Date },
): Promise<CreatedApiToken> {
  const expiresAt = expiryOf(wanted.request.expiresAt, wanted.now);
  const token = `sfp_${randomBytes(32).toString('base64url')}`;
  const created = await store.createToken({
    ...wanted.request,
    expiresAt,
    id: `tk_${ulid(wanted.now.getTime())}`,
    tenant: wanted.tenant,
    hash: hashOf(token),
    createdAt: wanted.now.toISOString(),
  });
  return { ...created, token };
}

/** What a bearer sent, as the token that it is; unknown and revoked ones are told apart from nothing. */
export async function verifyToken(
  store: Pick<Store, 'findToken'>,
  bearer: string | null,
  now: Date,
): Promise<ApiToken> {
  if (bearer === null || !API_TOKEN.test(bearer)) {
    const what = bearer === null ? 'no API token' : 'something else than an API token (sfp_…)';
    throw new AppError('unauthenticated', `The request carries ${what}.`);
  }
  return verifyHash(store, hashOf(bearer), now);
}

/** The same check for those that keep the hash of a token while a connection lasts. */
export async function verifyHash(
  store: Pick<Store, 'findToken'>,
  digest: string,
  now: Date,
): Promise<ApiToken> {
  const token = await store.findToken(digest, now.toISOString());
  if (token === null) throw new AppError('unauthenticated', 'The API token is not known, or it was revoked.');
  if (token.expiresAt !== null && new Date(token.expiresAt) <= now) {
    throw new AppError('token-expired', `The API token "${token.name}" expired at ${token.expiresAt}.`);
  }
  return token;
}

export function hashOf(token: string): string {
  return hash('sha256', token);
}

function expiryOf(expiresAt: string | null, now: Date): string | null {
  if (expiresAt === null) return null;
  const at = new Date(expiresAt);
  if (Number.isNaN(at.getTime()) || at <= now) {
    throw new AppError('invalid-request', 'expiresAt must be an ISO 8601 time to come.');
  }
  return at.toISOString();
}
