import { execFile } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redactOutput } from '../../src/worker/output.ts';
import { createRedaction } from '../../src/worker/redaction.ts';
import { type SalesforceStandIn, startSalesforce } from '../support/salesforce/start.ts';
import { until } from '../support/until.ts';
import { ACCOUNT, createBench, WORKER_PROGRAM, type WorkerBench } from './worker-bench.ts';

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

describe('a worker', () => {
  test('that nobody forked says so and ends', async () => {
    await expect(
      promisify(execFile)(process.execPath, [fileURLToPath(WORKER_PROGRAM)]),
    ).rejects.toMatchObject({
      code: 2,
      stderr: 'This program is started by sfp-server; start that instead.\n',
    });
  });

  test('refuses a task that it does not know, and input that does not fit', async () => {
    const unknown = await (await bench.start({ task: 'no.such', input: {} })).ended;
    expect(unknown.outcome).toMatchObject({
      state: 'failed',
      error: { code: 'unknown-task', retryable: false },
    });
    const misfit = await (await bench.start({ task: 'salesforce.query', input: { soql: 7 } })).ended;
    expect(misfit.outcome).toMatchObject({ state: 'failed', error: { code: 'invalid-input' } });
  });

  test('ends without an outcome when it meets an assignment that is none', async () => {
    const worker = await bench.start({ task: 'salesforce.query', input: [] as never });
    expect(await worker.ended).toEqual({ outcome: null, exit: 'it exited with code 1' });
  });

  test('lets a SIGTERM end it without an outcome, so that another attempt goes on', async () => {
    org.faults.slow('query', 600_000);
    const worker = await bench.start({ task: 'salesforce.query', input: { soql: 'SELECT Id FROM Account' } });
    await until(() => org.calls.query === 1);
    worker.kill('SIGTERM');
    expect(await worker.ended).toEqual({ outcome: null, exit: 'it exited with code 0' });
  });

  test('redacts what libraries print', () => {
    const written: string[] = [];
    const stream = () => ({ write: (text: string) => void written.push(text) });
    const own = Object.assign(new EventEmitter(), { stdout: stream(), stderr: stream() });
    const redaction = createRedaction();
    redactOutput(own as unknown as NodeJS.Process, redaction);
    redaction.register('canary-secret');
    own.stdout.write('out canary-');
    own.stdout.write('secret\nand more');
    own.stderr.write(Buffer.from('err canary-secret') as never);
    own.emit('exit');
    expect(written).toEqual(['out [redacted]\n', 'and more', 'err [redacted]']);
  });
});
