import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/contract/errors.ts';
import { runJob } from '../../src/worker/run-job.ts';
import { createStops } from '../../src/worker/stopped.ts';
import type { TaskAssignment, Work } from '../../src/worker/work.ts';

const ASSIGNMENT: TaskAssignment = {
  type: 'assignment',
  job: 'task',
  operation: 'op_01JABCDEFGHJKMNPQRSTVWXYZ0',
  attempt: 1,
  tenant: 'default',
  workspace: '/nowhere',
  vault: { provider: 'file', directory: '/nowhere' },
  sandbox: { bubblewrap: null, marker: 'w_1:task', environment: {} },
  task: 'salesforce.query',
  input: { soql: 'SELECT Id FROM Account' },
  org: { alias: 'uat', account: 'org/default/uat' },
  source: null,
  checkpoint: null,
};

/** A job whose first step meets this error. */
async function runInto(error: unknown) {
  const logs: string[] = [];
  const { signal, leave } = createStops();
  const work: Work = {
    assignment: ASSIGNMENT,
    signal,
    leave,
    hide: () => undefined,
    mask: (text) => text,
    ask: () => Promise.reject(error),
    vault: () => Promise.reject(error),
    report: {
      log: (_, message) => void logs.push(message),
      printed: async () => undefined,
      printedAll: () => undefined,
      progress: () => undefined,
      step: (_, __, run) => run({}),
    },
  };
  return { outcome: await runJob(work), logs };
}

describe('the end of a job', () => {
  test('an expected failure keeps its code, and its task decides whether another attempt makes sense', async () => {
    const gone = await runInto(new AppError('org-unreachable', 'No answer.'));
    expect(gone.outcome).toMatchObject({
      state: 'failed',
      error: { code: 'org-unreachable', retryable: true },
    });
    const missing = await runInto(new AppError('secret-missing', 'No login.', { hint: 'Log in.' }));
    expect(missing.outcome).toEqual({
      state: 'failed',
      error: { code: 'secret-missing', message: 'No login.', hint: 'Log in.', retryable: false },
      result: null,
    });
    expect(missing.logs).toEqual([]);
  });

  test('an error that nobody expected is told as one, with its place in the log', async () => {
    const { outcome, logs } = await runInto(new TypeError('x is not a function'));
    expect(outcome).toMatchObject({
      state: 'failed',
      error: {
        code: 'task-failed',
        message: expect.stringContaining('x is not a function'),
        retryable: false,
      },
    });
    expect(logs[0]).toMatch(/run-job\.test\.ts/);
  });

  test('what was sent and cannot be found again is indeterminate', async () => {
    const { outcome } = await runInto(new AppError('deploy-unknown', 'Lost.'));
    expect(outcome).toMatchObject({ state: 'indeterminate', error: { code: 'deploy-unknown' } });
  });
});
