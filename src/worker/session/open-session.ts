import type { OrgLogin } from '../../contract/org.ts';
import { type Grant, requestGrant } from '../salesforce/grant.ts';
import { orStopped } from '../stopped.ts';
import type { TaskWork } from '../work.ts';
import { signAssertion } from './jwt.ts';
import { readLogin } from './login.ts';

/** The short-lived key to an org. */
export type Session = Omit<Grant, 'refreshToken'>;

/**
 * Turns the login into a session. One worker at a time may do that with a login: between `session-lock` and
 * `session-begin` nothing interrupts it, because a rotated token that is not stored is lost for good.
 */
export async function openSession(
  work: TaskWork,
  { account, signal }: { readonly account: string; readonly signal: AbortSignal },
): Promise<Session> {
  const vault = await work.vault();
  await orStopped(work.ask({ kind: 'session-lock', account }), signal);
  // Read under the lock: another worker may have just replaced it.
  const login = await readLogin(vault, account, work.hide);
  const { refreshToken, ...session } = await requestGrant(...grantOf(login));
  work.hide(session.accessToken);
  if (refreshToken !== null && login.kind === 'sfdx-url') {
    work.hide(refreshToken);
    await vault.set(account, JSON.stringify({ ...login, refreshToken }));
  }
  await work.ask({ kind: 'session-begin', account });
  return session;
}

function grantOf(login: OrgLogin): [loginUrl: string, form: Record<string, string>] {
  if (login.kind === 'jwt') {
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    return [login.loginUrl, { grant_type, assertion: signAssertion(login, new Date()) }];
  }
  const { clientId, clientSecret, refreshToken, instanceUrl } = login;
  const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken };
  return [instanceUrl, clientSecret === '' ? form : { ...form, client_secret: clientSecret }];
}
