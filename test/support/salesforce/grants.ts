import { timingSafeEqual, verify } from 'node:crypto';
import type { Accounts, ConnectedApp, User } from './accounts.ts';
import { type Answer, type Call, type Refusal, refuseGrant } from './answers.ts';
import type { Family, Session, Sessions } from './sessions.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** Salesforce takes an assertion that ends at most that far ahead. */
const ASSERTION_LIMIT_SECONDS = 300;

export interface GrantParts {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly organisationId: string;
  readonly loginUrl: string;
  readonly instanceUrl: string;
  readonly now: () => Date;
  /** Waits as the token call is told to, so that two refreshes can meet. */
  readonly pause: () => Promise<void>;
  readonly refused: { refreshes: number; sessions: number };
}

/** `POST /services/oauth2/token`. */
export async function grant(parts: GrantParts, call: Call): Promise<Answer> {
  const form = readForm(call);
  switch (form.get('grant_type')) {
    case JWT_BEARER:
      await parts.pause();
      return grantByAssertion(parts, form);
    case 'refresh_token':
      return counted(parts, () => grantByRefreshToken(parts, form));
    case 'client_credentials':
      await parts.pause();
      return grantToApp(parts, call, form);
    default:
      throw refuseGrant('unsupported_grant_type', 'grant type not supported');
  }
}

async function counted({ refused }: GrantParts, refresh: () => Promise<Answer>): Promise<Answer> {
  try {
    return await refresh();
  } catch (error) {
    refused.refreshes += 1;
    throw error;
  }
}

/** `POST /services/oauth2/revoke`: an access token ends alone, a refresh token ends all that came from it. */
export function revoke(parts: GrantParts, call: Call): Answer {
  const token = readForm(call).get('token') ?? '';
  if (parts.sessions.end(token)) return { status: 200, body: '' };
  const family = parts.sessions.findFamily(token);
  if (family === null || family.current !== token) throw refuseGrant('invalid_token', 'invalid token');
  parts.sessions.endFamily(family);
  return { status: 200, body: '' };
}

function readForm(call: Call): URLSearchParams {
  if (call.method !== 'POST') throw refuseGrant('invalid_request', 'must use HTTP POST');
  if (!call.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    throw refuseGrant('invalid_request', 'content type must be application/x-www-form-urlencoded');
  return new URLSearchParams(call.body.toString('utf8'));
}

function grantByAssertion(parts: GrantParts, form: URLSearchParams): Answer {
  const assertion = form.get('assertion') ?? '';
  const { header, claims } = readAssertion(assertion);
  const app = parts.accounts.apps.get(String(claims['iss']));
  if (!app) throw refuseGrant('invalid_client_id', 'client identifier invalid');
  if (header['alg'] !== 'RS256' || !app.publicKey || !signed(assertion, app.publicKey))
    throw refuseGrant('invalid_grant', 'invalid assertion');
  if (claims['aud'] !== parts.loginUrl) throw refuseGrant('invalid_grant', 'audience is invalid');
  checkExpiry(claims['exp'], parts.now());
  const user = parts.accounts.users.get(String(claims['sub']));
  if (!user || !app.users.has(user.username))
    throw refuseGrant('invalid_grant', "user hasn't approved this consumer");
  return answerWith(parts, parts.sessions.begin(user, app, null), null);
}

type Claims = Readonly<Record<string, unknown>>;

function readAssertion(assertion: string): { readonly header: Claims; readonly claims: Claims } {
  const [header, claims, signature, ...more] = assertion.split('.');
  if (!header || !claims || !signature || more.length > 0)
    throw refuseGrant('invalid_grant', 'invalid assertion');
  const read = (part: string): Claims => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  try {
    return { header: read(header), claims: read(claims) };
  } catch {
    throw refuseGrant('invalid_grant', 'invalid assertion');
  }
}

function signed(assertion: string, publicKey: NonNullable<ConnectedApp['publicKey']>): boolean {
  const end = assertion.lastIndexOf('.');
  const signature = Buffer.from(assertion.slice(end + 1), 'base64url');
  return verify('RSA-SHA256', Buffer.from(assertion.slice(0, end)), publicKey, signature);
}

/** `exp` in seconds: a value in milliseconds lies far too late. Salesforce says the same of a past one and of a late one. */
function checkExpiry(exp: unknown, now: Date): void {
  const seconds = now.getTime() / 1000;
  if (typeof exp !== 'number' || exp <= seconds || exp > seconds + ASSERTION_LIMIT_SECONDS)
    throw refuseGrant('invalid_grant', 'expired authorization code');
}

/** The app logs in as the user that it runs as; its secret comes in the form or as HTTP Basic (RFC 6749, section 2.3.1). */
function grantToApp(parts: GrantParts, call: Call, form: URLSearchParams): Answer {
  const basic = /^Basic (.+)$/.exec(call.headers.authorization ?? '')?.[1];
  const [id, secret] =
    basic === undefined
      ? [form.get('client_id'), form.get('client_secret')]
      : Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent);
  const app = parts.accounts.apps.get(id ?? '');
  if (!app) throw refuseGrant('invalid_client_id', 'client identifier invalid');
  if (app.clientSecret === '' || !same(secret ?? '', app.clientSecret))
    throw refuseGrant('invalid_client', 'invalid client credentials');
  const user = parts.accounts.users.get(app.runAs ?? '');
  if (!user) throw refuseGrant('invalid_grant', 'no client credentials user enabled');
  return answerWith(parts, parts.sessions.begin(user, app, null), null);
}

async function grantByRefreshToken(parts: GrantParts, form: URLSearchParams): Promise<Answer> {
  const app = parts.accounts.apps.get(form.get('client_id') ?? '');
  if (!app) throw refuseGrant('invalid_client_id', 'client identifier invalid');
  if (!same(form.get('client_secret') ?? '', app.clientSecret))
    throw refuseGrant('invalid_client', 'invalid client credentials');
  const token = form.get('refresh_token') ?? '';
  const family = parts.sessions.findFamily(token);
  if (family?.app !== app || family.current === null) throw expired();
  if (family.refreshing) throw refuseGrant('invalid_grant', 'token request is already being processed');
  if (family.current !== token) {
    parts.sessions.endFamily(family);
    throw expired();
  }
  return refresh(parts, family);
}

async function refresh(parts: GrantParts, family: Family): Promise<Answer> {
  family.refreshing = true;
  try {
    await parts.pause();
    const session = parts.sessions.begin(family.user, family.app, family);
    return answerWith(parts, session, family.app.rotation ? parts.sessions.rotate(family) : null);
  } finally {
    family.refreshing = false;
  }
}

const expired = (): Refusal => refuseGrant('invalid_grant', 'expired access/refresh token');

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function answerWith(parts: GrantParts, session: Session, refreshToken: string | null): Answer {
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      access_token: session.accessToken,
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
      scope: 'api id refresh_token web',
      instance_url: parts.instanceUrl,
      id: identityUrl(parts, session.user),
      token_type: 'Bearer',
    },
  };
}

export function identityUrl(
  parts: Pick<GrantParts, 'loginUrl' | 'organisationId'>,
  user: Pick<User, 'id'>,
): string {
  return `${parts.loginUrl}/id/${parts.organisationId}/${user.id}`;
}
