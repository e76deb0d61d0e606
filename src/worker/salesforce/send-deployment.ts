import { createHash } from 'node:crypto';
import { AppError } from '../../contract/errors.ts';
import { pause } from '../stopped.ts';
import type { TaskWork } from '../work.ts';
import { type DeployRequest, submitDeployment } from './deploy-calls.ts';
import { type Intent, recordCheckpoint, takeBackIntent } from './deploy-checkpoint.ts';
import { isExpiredSession, meaningOf, OrgRefusal, OrgSilence } from './failures.ts';
import { deploymentsBefore, findDeployment } from './find-deployment.ts';
import type { Org } from './org.ts';

const PAUSE_MS = { first: 1_000, most: 60_000 } as const;
const RENEWALS = 2;

/**
 * Sends a deployment so that it can never be sent twice, and answers its id. The intent is durable before the call, the id
 * right after it. Only a clear refusal is followed by another call; where the answer was lost, the org is asked.
 */
export async function sendDeployment(
  work: TaskWork,
  org: Org,
  wish: { readonly request: DeployRequest; readonly commitId: string | null },
): Promise<string> {
  let pauseMs: number = PAUSE_MS.first;
  let renewals = 0;
  for (;;) {
    const intent = await recordIntent(work, org, wish);
    const sent = await send(org, wish.request);
    if (sent.kind === 'accepted' || sent.kind === 'unheard') {
      const deploymentId =
        sent.kind === 'accepted'
          ? sent.deploymentId
          : await findLost(work, { org, intent, cause: sent.cause });
      await recordCheckpoint(work, { intent, deploymentId });
      return deploymentId;
    }
    await takeBackIntent(work);
    const { error } = sent;
    if (isExpiredSession(error) && renewals < RENEWALS) {
      renewals += 1;
      await org.renew();
    } else if (error instanceof OrgRefusal && isBusy(error)) {
      work.report.log('info', `The org is busy (${error.errorCode}); the deployment is sent again later.`);
      if (await pause(error.retryAfterMs ?? pauseMs, work.signal)) throw work.signal.reason;
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.most);
    } else {
      throw meaningOf(error, 'salesforce-refused');
    }
  }
}

async function recordIntent(
  work: TaskWork,
  org: Org,
  { request, commitId }: { readonly request: DeployRequest; readonly commitId: string | null },
): Promise<Intent> {
  work.signal.throwIfAborted();
  const moment = { at: org.now().toISOString(), checkOnly: request.options['checkOnly'] === true };
  const intent: Intent = {
    digest: createHash('sha256').update(request.zip).update(JSON.stringify(request.options)).digest('hex'),
    ...moment,
    commitId,
    before: [...(await deploymentsBefore(org, moment, work.signal))],
  };
  await recordCheckpoint(work, { intent });
  if (work.signal.aborted) {
    await takeBackIntent(work);
    throw work.signal.reason;
  }
  return intent;
}

/** `refused`: nothing was taken, for certain. `unheard`: it may have been. */
type Sent =
  | { readonly kind: 'accepted'; readonly deploymentId: string }
  | { readonly kind: 'refused'; readonly error: unknown }
  | { readonly kind: 'unheard'; readonly cause: unknown };

async function send(org: Org, request: DeployRequest): Promise<Sent> {
  try {
    const deployment = await submitDeployment(org, request);
    if (deployment !== null) return { kind: 'accepted', deploymentId: deployment.id };
    return { kind: 'unheard', cause: new Error('the org answered without an id') };
  } catch (error) {
    return isRefusal(error) ? { kind: 'refused', error } : { kind: 'unheard', cause: error };
  }
}

/** A proxy's 502 or an unknown exception says nothing of what the org did. */
function isRefusal(error: unknown): boolean {
  if (error instanceof OrgSilence) return error.neverSent;
  return error instanceof OrgRefusal && (error.status < 500 || error.errorCode === 'SERVER_UNAVAILABLE');
}

/** Passes by itself, however long it takes: the operation's own time is the limit. */
function isBusy(error: OrgRefusal): boolean {
  const codes = ['ALREADY_IN_PROCESS', 'UNABLE_TO_LOCK_ROW', 'SERVER_UNAVAILABLE'];
  return codes.includes(error.errorCode) || /background job is being executed/i.test(error.message);
}

async function findLost(
  work: TaskWork,
  lost: { readonly org: Org; readonly intent: Intent; readonly cause: unknown },
): Promise<string> {
  const reason = lost.cause instanceof Error ? lost.cause.message : 'no answer';
  work.report.log('warn', `The answer to the deployment was lost (${reason}); looking for it in the org.`);
  try {
    return await findDeployment(lost.org, lost.intent, work.leave);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'deploy-unknown') throw error;
    throw new AppError('deploy-unknown', `${error.message} (${reason})`, { cause: error });
  }
}
