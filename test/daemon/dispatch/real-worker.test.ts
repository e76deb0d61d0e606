import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { orgAccount } from '../../../src/contract/org.ts';
import { openVault } from '../../../src/vault/open.ts';
import { type SalesforceStandIn, startSalesforce } from '../../support/salesforce/start.ts';
import { sampleMetadata } from '../../support/sample-project.ts';
import { until } from '../../support/until.ts';
import { makeSetting, type Setting, TENANT } from './setting.ts';

const REAL_WORKER = new URL('../../../dist/worker/main.cjs', import.meta.url);

let org: SalesforceStandIn;
let setting: Setting;
let project: ReturnType<typeof sampleMetadata>;

beforeEach(async () => {
  org = await startSalesforce();
  project = sampleMetadata();
  setting = await open();
  const vault = await openVault({ provider: 'file', directory: setting.paths.fileVault });
  await vault.set(orgAccount(TENANT, 'uat'), JSON.stringify({ kind: 'jwt', ...org.addJwtLogin() }));
  await setting.dispatch.start();
});

afterEach(async () => {
  await setting.remove();
  project.remove();
  await org.stop();
});

function open(home?: string): Promise<Setting> {
  const { directory } = project;
  return makeSetting({
    workerUrl: REAL_WORKER,
    resolveSource: async () => ({ kind: 'directory', directory }),
    limits: { cancelGraceMs: 30_000 },
    ...(home === undefined ? {} : { home }),
  });
}

function deploy(): Promise<string> {
  const input = { source: { directory: project.directory } };
  return setting.enqueue(input, { task: 'salesforce.deploy', org: 'uat' });
}

describe('the real worker, as dispatch permits it to work', () => {
  test('deploys source code', async () => {
    const operation = await setting.ended(await deploy());
    expect(operation.error).toBeNull();
    expect(operation).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(org.calls.deploy).toBe(1);
  });

  test('cancels a deployment in the org', async () => {
    org.holdDeployments(true);
    const id = await deploy();
    await until(() => org.calls.deployStatus > 0);
    await setting.store.requestCancel(TENANT, id, null, new Date().toISOString());
    expect((await setting.ended(id)).state).toBe('cancelled');
    expect(org.deployments[0]?.status).toBe('Canceled');
  });

  test('leaves a deployment to the next daemon when this one stops', async () => {
    org.holdDeployments(true);
    const id = await deploy();
    await until(() => org.calls.deployStatus > 0);
    await setting.dispatch.stop();
    expect(await setting.operation(id)).toMatchObject({ state: 'queued', attempt: 1 });
    await setting.store.close();
    setting = await open(setting.paths.home);
    await setting.dispatch.start();
    org.holdDeployments(false);
    expect(await setting.ended(id)).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      result: { resumed: true },
    });
    expect(org.calls.deploy).toBe(1);
  });
});
