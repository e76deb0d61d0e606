import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { until } from '../support/until.ts';
import { ACCOUNT, createBench, type WorkerBench } from './worker-bench.ts';

let bench: WorkerBench;
let org: SalesforceStandIn;

beforeEach(async () => {
  bench = createBench();
  org = await startSalesforce();
  await bench.storeSecret(ACCOUNT, JSON.stringify({ kind: 'jwt', ...org.addJwtLogin() }));
});

afterEach(async () => {
  await bench.remove();
  await org.stop();
});

const accounts = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    Id: `001${String(index).padStart(12, '0')}`,
    Name: `Acme ${index}`,
  }));
const query = (input: Record<string, unknown>) => bench.start({ task: 'salesforce.query', input });
const ALL = 'SELECT Id, Name FROM Account';

describe('salesforce.query', () => {
  test('fetches every page, and its session is revoked at the end', async () => {
    org.setRecords('Account', accounts(450));
    org.setPageSize(200);
    const worker = await query({ soql: ALL });
    const { outcome, exit } = await worker.ended;
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: { totalSize: 450, pages: 3, truncated: false },
    });
    expect(outcome?.state === 'succeeded' && outcome.result['records']).toHaveLength(450);
    expect(exit).toBe('it exited with code 0');
    expect(worker.asks.map(({ kind }) => kind)).toEqual([
      'session-lock',
      'session-begin',
      'session-end',
      'session-revoked',
    ]);
    expect([org.calls.revoke, org.liveSessions()]).toEqual([1, 0]);
  });

  test('leaves the session alone while another operation has one of the same login', async () => {
    org.setRecords('Account', accounts(1));
    const worker = await bench.start({ task: 'salesforce.query', input: { soql: ALL } }, { revoke: false });
    await worker.ended;
    expect([org.calls.revoke, org.liveSessions()]).toEqual([0, 1]);
  });

  test('says that records were left out: more than wanted, or more than a result holds', async () => {
    org.setRecords('Account', accounts(450));
    org.setPageSize(200);
    const few = await (await query({ soql: ALL, maxRecords: 250 })).ended;
    expect(few.outcome).toMatchObject({ state: 'succeeded', result: { pages: 2, truncated: true } });
    org.setRecords(
      'Account',
      accounts(450).map((one) => ({ ...one, Name: 'x'.repeat(5_000) })),
    );
    const large = await (await query({ soql: ALL })).ended;
    expect(large.outcome).toMatchObject({ state: 'succeeded', result: { totalSize: 450, truncated: true } });
  });

  test('tells what is wrong with the SOQL, in the words of Salesforce', async () => {
    const { outcome } = await (await query({ soql: 'SELECT Id FROM Nothing' })).ended;
    expect(outcome).toMatchObject({
      state: 'failed',
      error: { code: 'query-failed', message: expect.stringContaining('INVALID_TYPE'), retryable: false },
    });
  });

  test('outlives a 503 and a reset, and is tried again after an expired session', async () => {
    org.setRecords('Account', accounts(3));
    org.faults.unavailable('query', 1, 0);
    org.faults.reset('query', 1);
    const { outcome } = await (await query({ soql: ALL })).ended;
    expect(outcome).toMatchObject({ state: 'succeeded', result: { totalSize: 3 } });
    const worker = await bench.start(
      { task: 'salesforce.query', input: { soql: ALL } },
      { onAsk: (body) => void (body.kind === 'session-begin' && org.faults.expireSessions()) },
    );
    const expired = await worker.ended;
    expect(expired.outcome).toMatchObject({
      state: 'failed',
      error: { code: 'session-expired', retryable: true },
    });
  });

  test('a cancel ends it, and a stop of the server ends it without an outcome', async () => {
    org.setRecords('Account', accounts(3));
    org.faults.slow('query', 600_000);
    for (const [because, outcome] of [
      ['request', { state: 'cancelled', result: null }],
      ['shutdown', null],
    ] as const) {
      const before = org.calls.query;
      const worker = await query({ soql: ALL });
      await until(() => org.calls.query > before);
      worker.cancel(because);
      expect(await worker.ended).toEqual({ outcome, exit: 'it exited with code 0' });
    }
  });

  test('does not outlive its daemon', async () => {
    org.faults.slow('query', 600_000);
    const worker = await query({ soql: ALL });
    await until(() => org.calls.query === 1);
    worker.abandon();
    expect(await worker.ended).toEqual({ outcome: null, exit: 'it exited with code 0' });
  });
});

describe('salesforce.identity', () => {
  test('says who we are in the org', async () => {
    const worker = await bench.start({ task: 'salesforce.identity', input: {} });
    const { outcome } = await worker.ended;
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: { organisationId: org.organisationId, username: 'ada@acme.example', apiVersion: '68.0' },
    });
  });
});
