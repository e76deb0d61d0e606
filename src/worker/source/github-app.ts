import { AppError } from '../../contract/errors.ts';
import { cutText } from '../../contract/limits.ts';
import type { SecretOfParts } from '../../contract/secret.ts';
import { createHttp, type HttpAnswer } from '../salesforce/http.ts';
import { signJwt } from '../session/jwt.ts';

export type GithubApp = Extract<SecretOfParts, { kind: 'github-app' }>;

const LIMIT_MS = 15_000;
/** GitHub takes at most ten minutes; its clock and ours differ a little. */
const AHEAD_SECONDS = 540;
const BEHIND_SECONDS = 60;

/** A token of the app's installation, good for an hour. AppErrors git-failed, secret-damaged. */
export async function installationToken(
  app: GithubApp,
  signal: AbortSignal,
  now = new Date(),
): Promise<string> {
  const { apiUrl, installationId } = app;
  const url = `${apiUrl.replace(/\/$/, '')}/app/installations/${installationId}/access_tokens`;
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${assertion(app, now)}`,
    'user-agent': 'sfp-server',
    'x-github-api-version': '2022-11-28',
  };
  const answer = await post(url, headers, signal);
  const { token, message } = readJson(answer.body);
  if (answer.status === 201 && typeof token === 'string') return token;
  const why = typeof message === 'string' ? `: ${cutText(message, 300)}` : '';
  const detail = `${new URL(url).host} gave no token to the app ${app.appId} (HTTP ${answer.status}${why}).`;
  throw new AppError('git-failed', detail, {
    hint: "Check the app's id, its installation, its key and what it may read.",
  });
}

function assertion({ appId, privateKey }: GithubApp, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  const claims = { iss: appId, iat: seconds - BEHIND_SECONDS, exp: seconds + AHEAD_SECONDS };
  return signJwt(claims, { privateKey, whose: `the GitHub app ${appId}` });
}

async function post(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
  try {
    return await createHttp()({ method: 'POST', url, headers, body: '', timeoutMs: LIMIT_MS, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const detail = error instanceof Error ? error.message : 'it did not answer';
    throw new AppError('git-failed', `No token of the GitHub app ${new URL(url).host}: ${detail}.`, {
      cause: error,
    });
  }
}

function readJson(text: string): { readonly token?: unknown; readonly message?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}
