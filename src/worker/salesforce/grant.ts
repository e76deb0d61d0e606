import { AppError } from '../../contract/errors.ts';
import type { SessionKey } from './connection.ts';
import { OrgSilence } from './failures.ts';
import { createHttp, type HttpAnswer } from './http.ts';

/** Shorter than the time for which the daemon spares a worker that holds the lock of a login. */
const GRANT_LIMIT_MS = 8_000;
const REVOKE_LIMIT_MS = 5_000;

/** What the token endpoint gives. */
export interface Grant {
  readonly accessToken: string;
  readonly instanceUrl: string;
  /** A new refresh token: the one that was sent is used up. Null: it stays. */
  readonly refreshToken: string | null;
  readonly organisationId: string;
  readonly userId: string;
  /** How far the org's clock is ahead of ours: its times are compared with nothing else. */
  readonly clockAheadMs: number;
}

/** AppError login-refused, org-limit or org-unreachable. Not interruptible: a rotated token must not get lost on its way. */
export async function requestGrant(loginUrl: string, form: Readonly<Record<string, string>>): Promise<Grant> {
  const { host } = new URL(loginUrl);
  const answer = await post(new URL('/services/oauth2/token', loginUrl), form, GRANT_LIMIT_MS);
  const body = readJson(answer.body);
  if (answer.status === 200) return readGrant(body, { host, clockAheadMs: clockAhead(answer) });
  throw refused(answer, body, host);
}

/**
 * The session behind an access token that somebody else got. AppError login-refused: it has ended, and there is no way to
 * another one; org-unreachable.
 */
export async function readGivenSession(key: SessionKey): Promise<Omit<Grant, 'refreshToken'>> {
  const { accessToken, instanceUrl } = key;
  const { host } = new URL(instanceUrl);
  const answer = await send({
    method: 'GET',
    url: new URL('/services/oauth2/userinfo', instanceUrl),
    headers: { authorization: `Bearer ${accessToken}` },
    timeoutMs: GRANT_LIMIT_MS,
  });
  const { organization_id: organisationId, user_id: userId } = readJson(answer.body);
  if (answer.status === 401 || answer.status === 403) {
    throw new AppError('login-refused', `${host} refused the access token: it has expired or was revoked.`);
  }
  if (answer.status !== 200 || typeof organisationId !== 'string' || typeof userId !== 'string') {
    throw new AppError('org-unreachable', `${host} answered with HTTP ${answer.status} who we are.`);
  }
  return { accessToken, instanceUrl, organisationId, userId, clockAheadMs: clockAhead(answer) };
}

/** Ends this access token only. A session that is gone already is no failure. */
export async function revokeAccessToken(key: SessionKey): Promise<void> {
  await post(
    new URL('/services/oauth2/revoke', key.instanceUrl),
    { token: key.accessToken },
    REVOKE_LIMIT_MS,
  );
}

function post(url: URL, form: Readonly<Record<string, string>>, timeoutMs: number): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return send({ method: 'POST', url, headers, body: new URLSearchParams(form).toString(), timeoutMs });
}

async function send(request: {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}): Promise<HttpAnswer> {
  const { method, url, headers, body = null, timeoutMs } = request;
  try {
    return await createHttp()({
      method,
      url: url.href,
      headers: { ...headers, accept: 'application/json' },
      body,
      timeoutMs,
      signal: null,
    });
  } catch (error) {
    if (!(error instanceof OrgSilence)) throw error;
    throw new AppError('org-unreachable', `${error.message}.`, { cause: error });
  }
}

type Body = Readonly<Record<string, unknown>>;

function readJson(text: string): Body {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Body) : {};
  } catch {
    return {};
  }
}

function readGrant(body: Body, { host, clockAheadMs }: { host: string; clockAheadMs: number }): Grant {
  const { access_token, instance_url, refresh_token, id } = body;
  const identity = /\/id\/(00D\w{12,15})\/(005\w{12,15})$/.exec(typeof id === 'string' ? id : '');
  if (typeof access_token !== 'string' || typeof instance_url !== 'string' || identity === null) {
    throw new AppError('login-refused', `${host} answered a login without a session.`);
  }
  return {
    accessToken: access_token,
    instanceUrl: instance_url,
    refreshToken: typeof refresh_token === 'string' && refresh_token !== '' ? refresh_token : null,
    organisationId: identity[1] ?? '',
    userId: identity[2] ?? '',
    clockAheadMs,
  };
}

function clockAhead({ headers }: HttpAnswer): number {
  const ahead = Date.parse(headers['date'] ?? '') - Date.now();
  return Number.isFinite(ahead) ? ahead : 0;
}

function refused(answer: HttpAnswer, body: Body, host: string): AppError {
  const { error, error_description: description } = body;
  if (typeof error !== 'string' || answer.status >= 500) {
    return new AppError('org-unreachable', `${host} answered the login with HTTP ${answer.status}.`);
  }
  const words = typeof description === 'string' ? `${error}, ${description}` : error;
  if (/login rate exceeded/i.test(words))
    return new AppError('org-limit', `${host} refused the login: ${words}.`);
  if (error === 'unknown_error' || error === 'temporarily_unavailable')
    return new AppError('org-unreachable', `${host} could not answer the login: ${words}.`);
  return new AppError('login-refused', `${host} refused the login: ${words}.`);
}
