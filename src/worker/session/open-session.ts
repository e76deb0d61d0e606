import { type Grant, readGivenSession, requestGrant } from '../salesforce/grant.ts';
import { orStopped } from '../stopped.ts';
import type { TaskWork } from '../work.ts';
import { grantForm } from './grant-form.ts';
import { readLogin, type StoredLogin } from './login.ts';
import { sparingly } from './login-in-use.ts';

/** The short-lived key to an org. */
export interface Session extends Omit<Grant, 'refreshToken'> {
  /** False: somebody else began it, and others may use it. */
  readonly ours: boolean;
}

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
  const stored = await readLogin(vault, account, work.hide);
  const session = await sessionOf(work, account, stored);
  const user = `${session.organisationId.slice(0, 15)}/${session.userId.slice(0, 15)}`;
  await work.ask({ kind: 'session-begin', account, user });
  return session;
}

async function sessionOf(work: TaskWork, account: string, stored: StoredLogin): Promise<Session> {
  const { login } = stored;
  if (login.kind === 'access-token') return { ...(await readGivenSession(login)), ours: false };
  const request = async (): Promise<Session> => {
    const { refreshToken, ...session } = await requestGrant(...grantForm(login));
    work.hide(session.accessToken);
    if (refreshToken !== null && login.kind === 'sfdx-url') {
      work.hide(refreshToken);
      await replaceLogin(work, account, { stored, next: JSON.stringify({ ...login, refreshToken }) });
    }
    return { ...session, ours: true };
  };
  return login.kind === 'sfdx-url' ? sparingly(work.assignment.workspace, request) : request();
}

/** Somebody may have logged in anew meanwhile: that login stays. */
async function replaceLogin(
  { vault }: TaskWork,
  account: string,
  { stored, next }: { readonly stored: StoredLogin; readonly next: string },
): Promise<void> {
  const opened = await vault();
  if ((await opened.get(account)) === stored.text) await opened.set(account, next);
}
