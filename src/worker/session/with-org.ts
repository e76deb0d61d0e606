import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../contract/errors.ts';
import { connect } from '../salesforce/connection.ts';
import { revokeAccessToken } from '../salesforce/grant.ts';
import type { Org } from '../salesforce/org.ts';
import { stopReason } from '../stopped.ts';
import type { TaskWork } from '../work.ts';
import { sparingly } from './login-in-use.ts';
import { openSession, type Session } from './open-session.ts';

/** How long the end of a session may hold up the end of a worker. */
const END_LIMIT_MS = 5_000;

export interface OrgWish {
  /** Of the API, such as 65.0. */
  readonly version: string;
  /** Ends a wait for the login. */
  readonly signal: AbortSignal;
}

/** Opens a session, hands the org to the work, and ends the session behind it, whatever came of it. */
export async function withOrg<T>(
  work: TaskWork,
  { version, signal }: OrgWish,
  use: (org: Org) => Promise<T>,
): Promise<T> {
  const { org: target } = work.assignment;
  if (target === null) throw new AppError('org-required', 'The operation names no org.');
  const { account, alias } = target;
  let session: Session | null = await work.report.step('login', `Log in to ${alias}`, () =>
    openSession(work, { account, signal }),
  );
  const { organisationId, userId, instanceUrl, clockAheadMs } = session;
  let connection = connect(session, version);
  try {
    return await use({
      organisationId,
      userId,
      instanceUrl,
      accessToken: () => session?.accessToken ?? '',
      now: () => new Date(Date.now() + clockAheadMs),
      call: (request) => connection.call(request),
      async renew() {
        work.report.log('info', `The session in ${alias} has expired; logging in again.`);
        // Whatever was begun in the org is brought to its end, also when that is a cancel.
        session = await openSession(work, { account, signal: work.leave });
        connection = connect(session, version);
      },
    });
  } finally {
    if (session.ours) await endSession(work, account, session);
    session = null;
  }
}

/** Only the last session of a user is revoked: sessions of one user and app may be one and the same in the org. */
async function endSession(work: TaskWork, account: string, session: Session): Promise<void> {
  if (stopReason(work.signal) === 'orphaned') return;
  const end = async (): Promise<void> => {
    const { revoke } = await work.ask({ kind: 'session-end', account });
    if (!revoke) return;
    await sparingly(work.assignment.workspace, () => revokeAccessToken(session));
    await work.ask({ kind: 'session-revoked', account });
  };
  const limit = new AbortController();
  try {
    await Promise.race([end(), delay(END_LIMIT_MS, undefined, { signal: limit.signal })]);
  } catch {
    work.report.log('debug', 'The session could not be ended; it ends by itself.');
  } finally {
    limit.abort();
  }
}
