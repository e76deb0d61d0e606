import { AppError } from '../../contract/errors.ts';
import { pause } from '../stopped.ts';
import type { Intent } from './deploy-checkpoint.ts';
import { isExpiredSession } from './failures.ts';
import type { Org } from './org.ts';
import { read } from './read.ts';

/** The clock of the answer's header counts whole seconds. */
const MARGIN_MS = 2_000;
/** A deployment may show up in the list a little after it was taken. */
const PAUSES_MS = [0, 1_000, 2_000, 4_000] as const;

/**
 * Looks for the deployment behind an intent whose answer was lost: of this user, since then, and of the same kind. Exactly
 * one is taken for it. AppError deploy-unknown otherwise: to send again could deploy twice.
 */
export async function findDeployment(org: Org, intent: Intent, signal: AbortSignal): Promise<string> {
  let found: readonly string[] = [];
  for (const milliseconds of PAUSES_MS) {
    if (await pause(milliseconds, signal)) throw signal.reason;
    found = await candidates(org, intent, signal);
    if (found.length > 0) break;
  }
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const seen = found.length === 0 ? 'none' : found.join(', ');
  throw new AppError(
    'deploy-unknown',
    `The deployment was sent at ${intent.at} and its answer was lost; in the org fits: ${seen}.`,
  );
}

/**
 * What would fit an intent of this moment and is there already: the deployment before may have been quick. An org that
 * refuses to tell will not tell of a lost one either, so nothing can be mistaken for it.
 */
export async function deploymentsBefore(
  org: Org,
  moment: Moment,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return await fitting(org, moment, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === 'deploy-unknown') return [];
    throw error;
  }
}

async function candidates(org: Org, intent: Intent, signal: AbortSignal): Promise<readonly string[]> {
  const { before = [] } = intent;
  return (await fitting(org, intent, signal)).filter((id) => !before.includes(id));
}

type Moment = Pick<Intent, 'at' | 'checkOnly'>;

async function fitting(org: Org, { at, checkOnly }: Moment, signal: AbortSignal): Promise<readonly string[]> {
  const since = new Date(Date.parse(at) - MARGIN_MS).toISOString();
  const soql =
    `SELECT Id FROM DeployRequest WHERE CreatedById = '${org.userId}' AND CheckOnly = ${checkOnly}` +
    ` AND CreatedDate >= ${since} ORDER BY CreatedDate LIMIT 10`;
  const path = `/tooling/query?q=${encodeURIComponent(soql)}`;
  const look = () => read(org, { path, signal, otherwise: 'deploy-unknown' });
  const answer = await look().catch(async (error: unknown) => {
    if (!(error instanceof AppError) || !isExpiredSession(error.cause)) throw error;
    await org.renew();
    return look();
  });
  const { records } = answer as { readonly records: readonly { readonly Id: string }[] };
  return records.map(({ Id }) => Id);
}
