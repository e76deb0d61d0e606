import { AppError } from '../../contract/errors.ts';
import { DeployInput } from '../../contract/tasks.ts';
import type { Outcome } from '../../contract/worker-protocol.ts';
import { DEFAULT_API_VERSION } from '../salesforce/connection.ts';
import { type DeployRequest, deployOptions } from '../salesforce/deploy-calls.ts';
import {
  type DeployCheckpoint,
  readDeployCheckpoint,
  recordCheckpoint,
} from '../salesforce/deploy-checkpoint.ts';
import { type DeployFacts, deployOutcome } from '../salesforce/deploy-outcome.ts';
import { findDeployment } from '../salesforce/find-deployment.ts';
import { followDeployment } from '../salesforce/follow-deployment.ts';
import type { Org } from '../salesforce/org.ts';
import { sendDeployment } from '../salesforce/send-deployment.ts';
import { withOrg } from '../session/with-org.ts';
import { orStopped } from '../stopped.ts';
import { readInput } from '../task-input.ts';
import type { TaskWork } from '../work.ts';
import { workspaceOf } from '../workspace.ts';

/** Packages the source code, sends it once, and follows the deployment to its end. What was sent before is only followed. */
export async function deploy(work: TaskWork): Promise<Outcome> {
  const input = readInput(DeployInput, work.assignment.input);
  const version = input.apiVersion ?? DEFAULT_API_VERSION;
  const earlier = readDeployCheckpoint(work.assignment.checkpoint);
  if (earlier !== null) {
    // Even when the operation is to end: who cancels in the org needs a session.
    return withOrg(work, { version, signal: work.leave }, async (org) =>
      follow(work, org, {
        id: await findAgain(work, org, earlier),
        ...earlier.intent,
        resumed: true,
        placeOf: () => null,
      }),
    );
  }
  const { request, placeOf } = await makeRequest(work, input);
  const commitId = work.assignment.source?.commitId ?? null;
  return withOrg(work, { version, signal: work.signal }, async (org) => {
    const id = await work.report.step('send', 'Send the deployment', async (end) => {
      end.detail = await sendDeployment(work, org, { request, commitId });
      return end.detail;
    });
    const checkOnly = input.checkOnly === true;
    return follow(work, org, { id, commitId, checkOnly, resumed: false, placeOf });
  });
}

interface Packaged {
  readonly request: DeployRequest;
  readonly placeOf: DeployFacts['placeOf'];
}

async function makeRequest(work: TaskWork, input: DeployInput): Promise<Packaged> {
  const options = deployOptions(input);
  if (options['testLevel'] === 'RunSpecifiedTests' && input.runTests === undefined) {
    throw new AppError('invalid-input', 'The test level RunSpecifiedTests needs runTests.');
  }
  const { source, workspace } = work.assignment;
  if (source === null) throw new AppError('source-invalid', 'The operation came without its source code.');
  return work.report.step('package', 'Package the source code', async (end) => {
    const { packageSource, placeKey } = await import('../source/convert.ts');
    const { directory } = source;
    const root = workspaceOf(workspace).source;
    const apiVersion = input.apiVersion ?? DEFAULT_API_VERSION;
    const { zip, files, places } = await orStopped(
      packageSource({ directory, root, apiVersion }),
      work.signal,
    );
    end.detail = `${files} files, ${Math.ceil(zip.length / 1024)} kB`;
    return {
      request: { zip, options },
      placeOf: (type, fullName) => places.get(placeKey(type, fullName)) ?? null,
    };
  });
}

async function findAgain(
  work: TaskWork,
  org: Org,
  { intent, deploymentId }: DeployCheckpoint,
): Promise<string> {
  if (deploymentId !== undefined) return deploymentId;
  const found = await findDeployment(org, intent, work.leave);
  await recordCheckpoint(work, { intent, deploymentId: found });
  return found;
}

interface Sent extends DeployFacts {
  readonly id: string;
  readonly checkOnly: boolean;
}

async function follow(work: TaskWork, org: Org, { id, checkOnly, ...facts }: Sent): Promise<Outcome> {
  const { alias } = work.assignment.org ?? { alias: 'the org' };
  return work.report.step('deploy', `${checkOnly ? 'Validate in' : 'Deploy to'} ${alias}`, async (end) => {
    const deployment = await followDeployment(work, org, id);
    const outcome = deployOutcome(deployment, facts);
    end.failed = outcome.state !== 'succeeded';
    end.detail = `${deployment.status}, ${id}`;
    return outcome;
  });
}
