import type { Outcome } from '../../contract/worker-protocol.ts';
import { DEFAULT_API_VERSION } from '../salesforce/connection.ts';
import { readIdentity } from '../salesforce/identity.ts';
import { withOrg } from '../session/with-org.ts';
import { succeeded, type TaskWork } from '../work.ts';

/** Logs in and says who we are. `org login` and `org test` run it too. */
export async function identify(work: TaskWork): Promise<Outcome> {
  const { signal } = work;
  const identity = await withOrg(work, { version: DEFAULT_API_VERSION, signal }, (org) =>
    readIdentity(org, signal),
  );
  return succeeded({ ...identity });
}
