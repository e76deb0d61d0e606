import { randomBytes } from 'node:crypto';
import type { DeployInput } from '../../contract/tasks.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { OrgRefusal } from './failures.ts';
import type { Org } from './org.ts';

/** 39 MB over a slow line. */
const SEND_LIMIT_MS = 600_000;
const STATUS_LIMIT_MS = 60_000;

export interface DeployRequest {
  readonly zip: Buffer;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The `deployOptions` of the Metadata API for what a client asked. */
export function deployOptions(input: DeployInput): Readonly<Record<string, unknown>> {
  const { checkOnly = false, ignoreWarnings = false, runTests = [] } = input;
  const testLevel = input.testLevel ?? (runTests.length > 0 ? 'RunSpecifiedTests' : undefined);
  return {
    checkOnly,
    ignoreWarnings,
    rollbackOnError: true,
    singlePackage: true,
    ...(testLevel === undefined ? {} : { testLevel }),
    ...(testLevel === 'RunSpecifiedTests' ? { runTests } : {}),
  };
}

/** Sends the deployment: once, and nothing interrupts it. Null: the org took it without saying under which id. */
export async function submitDeployment(
  org: Org,
  { zip, options }: DeployRequest,
): Promise<Deployment | null> {
  const boundary = `sfp-server-${randomBytes(16).toString('hex')}`;
  const answer = await org.call({
    method: 'POST',
    path: '/metadata/deployRequest',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: multipart(boundary, JSON.stringify({ deployOptions: options }), zip),
    timeoutMs: SEND_LIMIT_MS,
    signal: null,
  });
  return readDeployment(answer);
}

export async function readStatus(
  org: Org,
  id: string,
  wish: { readonly details: boolean; readonly signal: AbortSignal },
): Promise<Deployment> {
  const answer = await org.call({
    method: 'GET',
    path: `/metadata/deployRequest/${id}${wish.details ? '?includeDetails=true' : ''}`,
    timeoutMs: STATUS_LIMIT_MS,
    signal: wish.signal,
  });
  const deployment = readDeployment(answer);
  if (deployment !== null) return deployment;
  throw new OrgRefusal({
    status: 502,
    errorCode: 'UNREADABLE',
    message: 'no deployment',
    retryAfterMs: null,
  });
}

/** Asks the org to cancel; it does so some time later, or finishes before. */
export async function requestCancel(org: Org, id: string, signal: AbortSignal): Promise<void> {
  await org.call({
    method: 'PATCH',
    path: `/metadata/deployRequest/${id}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ deployResult: { status: 'Canceling' } }),
    timeoutMs: STATUS_LIMIT_MS,
    signal,
  });
}

function multipart(boundary: string, options: string, zip: Buffer): Buffer {
  const part = (disposition: string, type: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(`${part('name="json"', 'application/json')}${options}\r\n`),
    Buffer.from(part('name="file"; filename="deploy.zip"', 'application/zip')),
    zip,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}
