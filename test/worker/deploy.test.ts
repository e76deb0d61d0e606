import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/contract/worker-protocol.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { type SampleProject, sampleMetadata, sampleProject } from '../support/sample-project.ts';
import { until } from '../support/until.ts';
import { ACCOUNT, type Behaviour, createBench, type WorkerBench } from './worker-bench.ts';

let bench: WorkerBench;
let org: SalesforceStandIn;

beforeEach(async () => {
  bench = createBench();
  org = await startSalesforce();
  placeSource(sampleMetadata());
  await bench.storeSecret(ACCOUNT, JSON.stringify({ kind: 'jwt', ...org.addJwtLogin() }));
});

/** Where the worker that fetches had put it. */
function placeSource(fetched: SampleProject): void {
  const place = join(bench.workspace, 'source');
  rmSync(place, { recursive: true, force: true });
  cpSync(fetched.directory, place, { recursive: true });
  fetched.remove();
}

afterEach(async () => {
  await bench.remove();
  await org.stop();
});

const SOURCE = { directory: '/ignored' };
const COMMIT = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
const deploy = (input: Record<string, unknown> = {}, behaviour: Behaviour = {}) =>
  bench.start(
    {
      task: 'salesforce.deploy',
      input: { source: SOURCE, ...input },
      fetched: { directory: join(bench.workspace, 'source'), commitId: COMMIT },
    },
    behaviour,
  );
const resume = (checkpoint: Record<string, unknown>) =>
  bench.start({ task: 'salesforce.deploy', input: { source: SOURCE }, checkpoint });
const intentNow = () => ({
  digest: 'd',
  at: new Date().toISOString(),
  checkOnly: false,
  commitId: COMMIT,
});
const stateOf = (outcome: Outcome | null) => outcome?.state;

describe('a deployment', () => {
  test('converts source format, is sent once, and is followed to its end with counts', async () => {
    placeSource(sampleProject());
    org.planDeployments({ localTests: 6, pace: { polls: 4 } });
    const worker = await deploy({ testLevel: 'RunLocalTests' });
    const { outcome } = await worker.ended;
    const [sent] = org.deployments;
    expect(outcome).toEqual({
      state: 'succeeded',
      result: {
        deploymentId: sent?.id,
        status: 'Succeeded',
        checkOnly: false,
        commitId: COMMIT,
        components: { total: 2, deployed: 2, failed: 0 },
        tests: { total: 6, completed: 6, failed: 0 },
        componentFailures: [],
        testFailures: [],
        resumed: false,
      },
    });
    expect(Object.keys(sent?.package.files ?? {})).toContain('classes/Invoice.cls');
    const shown = worker.reports.flatMap((body) => (body.kind === 'progress' ? [body.progress] : []));
    const last = (unit: string) => shown.findLast((progress) => progress.unit === unit);
    expect(last('components')).toMatchObject({ done: 2, total: 2 });
    expect(last('tests')).toMatchObject({ done: 6, total: 6 });
    expect(worker.reports.at(-2)).toMatchObject({ kind: 'step', step: 'deploy', state: 'done' });
    const checkpoints = worker.asks.flatMap((ask) => (ask.kind === 'checkpoint' ? [ask.checkpoint] : []));
    expect(checkpoints).toMatchObject([{ intent: { commitId: COMMIT } }, { deploymentId: sent?.id }]);
    expect([org.calls.deploy, org.liveSessions()]).toEqual([1, 0]);
  });

  test('can be a mere validation with chosen tests', async () => {
    const worker = await deploy({ checkOnly: true, runTests: ['InvoiceTest'] });
    const { outcome } = await worker.ended;
    expect(outcome).toMatchObject({ state: 'succeeded', result: { checkOnly: true, tests: { total: 1 } } });
    expect(org.deployments[0]?.options).toMatchObject({ checkOnly: true, testLevel: 'RunSpecifiedTests' });
  });

  test('that fails lists its components with file and line, and its tests', async () => {
    placeSource(sampleProject());
    org.planDeployments({
      componentFailures: [{ fullName: 'Invoice', line: 12, column: 3, problem: 'Unexpected token' }],
    });
    const components = await (await deploy()).ended;
    expect(components.outcome).toMatchObject({
      state: 'failed',
      error: {
        code: 'deploy-failed',
        message:
          '1 of 2 components failed: ApexClass Invoice, force-app/main/default/classes/Invoice.cls:12: Unexpected token',
        retryable: false,
      },
      result: {
        status: 'Failed',
        componentFailures: [
          {
            type: 'ApexClass',
            name: 'Invoice',
            file: 'force-app/main/default/classes/Invoice.cls',
            line: 12,
            column: 3,
            problem: 'Unexpected token',
          },
        ],
      },
    });
    org.planDeployments({
      componentFailures: [],
      localTests: 2,
      testFailures: [{ name: 'InvoiceTest', method: 'adds', message: 'expected 3', stack: 'line 7' }],
    });
    const tests = await (await deploy({ testLevel: 'RunLocalTests' })).ended;
    expect(tests.outcome).toMatchObject({
      state: 'failed',
      error: { message: '1 of 2 tests failed: InvoiceTest.adds: expected 3' },
      result: {
        testFailures: [{ name: 'InvoiceTest', method: 'adds', message: 'expected 3', stack: 'line 7' }],
      },
    });
  });

  test('waits while the org is busy, and takes its intent back meanwhile', async () => {
    org.faults.alreadyInProcess(1);
    const worker = await deploy();
    expect(stateOf((await worker.ended).outcome)).toBe('succeeded');
    expect([org.calls.deploy, org.deployments.length]).toEqual([2, 1]);
    const checkpoints = worker.asks.flatMap((ask) => (ask.kind === 'checkpoint' ? [ask.checkpoint] : []));
    expect(checkpoints[1]).toEqual({});
  });

  test('whose answer got lost is found again in the org and not sent twice', async () => {
    org.faults.loseAnswer('deploy', 1);
    const { outcome } = await (await deploy()).ended;
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: { deploymentId: org.deployments[0]?.id, resumed: false },
    });
    expect([org.calls.deploy, org.deployments.length]).toEqual([1, 1]);
  });

  test('whose answer got lost is told from one that the same user had just made', async () => {
    const earlier = org.addDeployment('ada@acme.example');
    org.faults.loseAnswer('deploy', 1);
    const { outcome } = await (await deploy()).ended;
    const ours = org.deployments.find(({ id }) => id !== earlier.id);
    expect(outcome).toMatchObject({ state: 'succeeded', result: { deploymentId: ours?.id } });
  });

  test('that never arrived is not taken for one that the same user had just made', async () => {
    org.addDeployment('ada@acme.example');
    org.faults.reset('deploy', 1);
    const { outcome } = await (await deploy()).ended;
    expect(outcome).toMatchObject({ state: 'indeterminate', error: { code: 'deploy-unknown' } });
  });

  test('whose answer got lost is not taken for another user’s, and then nobody knows', async () => {
    org.addDeployment('bob@acme.example');
    org.faults.reset('deploy', 1);
    const { outcome } = await (await deploy()).ended;
    expect(outcome).toMatchObject({ state: 'indeterminate', error: { code: 'deploy-unknown' } });
    expect(org.calls.deploy).toBe(1);
  });

  test('goes on through hang-ups, a 503 and an expired session', async () => {
    org.planDeployments({ pace: { polls: 6 } });
    org.faults.reset('deployStatus', 2);
    org.faults.unavailable('deployStatus', 1, 0);
    let expired = false;
    const worker = await deploy();
    await until(() => {
      if (!expired && org.calls.deployStatus > 3) org.faults.expireSessions();
      expired ||= org.calls.deployStatus > 3;
      return expired;
    });
    const { outcome } = await worker.ended;
    expect(outcome).toMatchObject({ state: 'succeeded', result: { resumed: false } });
    expect([org.calls.deploy, org.calls.token]).toEqual([1, 2]);
  });

  test('is cancelled in the org when the operation is', async () => {
    for (const because of ['request', 'timeout'] as const) {
      org.holdDeployments(true);
      const before = org.calls.deployStatus;
      const worker = await deploy();
      await until(() => org.calls.deployStatus > before + 1);
      worker.cancel(because);
      const { outcome } = await worker.ended;
      expect(outcome).toMatchObject({ state: 'cancelled', result: { status: 'Canceled' } });
    }
    expect(org.deployments.map(({ status }) => status)).toEqual(['Canceled', 'Canceled']);
  });

  test('that finishes before the cancel says so', async () => {
    org.planDeployments({ cancelComesTooLate: true });
    org.holdDeployments(true);
    const worker = await deploy();
    await until(() => org.calls.deployStatus > 1);
    worker.cancel('request');
    await until(() => org.calls.deployCancel > 0);
    org.holdDeployments(false);
    expect((await worker.ended).outcome).toMatchObject({
      state: 'succeeded',
      result: { status: 'Succeeded' },
    });
  });

  test('goes on in the org when the server stops, and the next attempt follows it without sending', async () => {
    org.holdDeployments(true);
    const worker = await deploy();
    await until(() => org.calls.deployStatus > 1);
    worker.cancel('shutdown');
    expect(await worker.ended).toEqual({ outcome: null, exit: 'it exited with code 0' });
    expect(org.calls.deployCancel).toBe(0);
    org.holdDeployments(false);
    const last = worker.asks.findLast((ask) => ask.kind === 'checkpoint');
    const checkpoint = last?.kind === 'checkpoint' ? last.checkpoint : {};
    const { outcome } = await (await resume(checkpoint)).ended;
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: { deploymentId: org.deployments[0]?.id, commitId: COMMIT, resumed: true },
    });
    expect(org.calls.deploy).toBe(1);
  });

  test('that an earlier attempt meant to send is adopted when exactly one fits', async () => {
    const intent = intentNow();
    const lost = org.addDeployment('ada@acme.example', { checkOnly: false });
    org.addDeployment('ada@acme.example', { checkOnly: true });
    const { outcome } = await (await resume({ intent })).ended;
    expect(outcome).toMatchObject({ state: 'succeeded', result: { deploymentId: lost.id, resumed: true } });
    expect(org.calls.deploy).toBe(0);
  });

  test('that an earlier attempt meant to send stays unknown when two fit', async () => {
    const intent = intentNow();
    org.addDeployment('ada@acme.example', { checkOnly: false });
    org.addDeployment('ada@acme.example', { checkOnly: false });
    const { outcome } = await (await resume({ intent })).ended;
    expect(outcome).toMatchObject({ state: 'indeterminate', error: { code: 'deploy-unknown' } });
  });

  test('that another version wrote in a form of its own is left to a person, and nothing is sent', async () => {
    const { outcome } = await (await resume({ intention: 'of tomorrow' })).ended;
    expect(outcome).toMatchObject({ state: 'indeterminate', error: { code: 'deploy-unknown' } });
    expect(org.calls.deploy).toBe(0);
  });

  test('that was sent is cancelled by the next attempt when the operation is to end', async () => {
    org.holdDeployments(true);
    const sent = org.addDeployment('ada@acme.example', { checkOnly: false });
    const worker = await resume({ intent: intentNow(), deploymentId: sent.id });
    worker.cancel('request');
    expect((await worker.ended).outcome).toMatchObject({
      state: 'cancelled',
      result: { deploymentId: sent.id },
    });
  });

  test('is not sent when its intent could not be recorded', async () => {
    const worker = await deploy(
      {},
      {
        onAsk: ({ kind }) =>
          kind === 'checkpoint' ? { ok: false, detail: 'The attempt is no longer current.' } : undefined,
      },
    );
    expect((await worker.ended).outcome).toMatchObject({
      state: 'failed',
      error: { code: 'worker-protocol' },
    });
    expect(org.calls.deploy).toBe(0);
  });
});
