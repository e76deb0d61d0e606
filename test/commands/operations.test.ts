import type { ChildProcess } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { OperationEvent } from '../../src/contract/event.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { type CliRun, resultOf } from '../support/run-cli.ts';
import { startServerWithOrg } from '../support/server-with-org.ts';
import { until } from '../support/until.ts';

const QUERY = ['enqueue', 'salesforce.query', '-o', 'uat', '--input', 'soql=SELECT Id FROM Organization'];
const BROKEN = ['enqueue', 'salesforce.query', '-o', 'uat', '--input', 'soql=SELECT'];
/** Accepted, and never due while a test runs. */
const LATER = [
  'enqueue',
  'salesforce.identity',
  '-o',
  'uat',
  '--run-at',
  new Date(Date.now() + 3_600_000).toISOString(),
];
const UNKNOWN_ID = 'op_00000000000000000000000000';

const { server, cli } = await startServerWithOrg();

test('a time that is none is refused before anything is sent', async () => {
  const run = await cli(['enqueue', 'salesforce.identity', '-o', 'uat', '--run-at', 'tomorrow']);
  expect(run).toMatchObject({
    code: 2,
    stderr: 'Error: --run-at "tomorrow" is no time.\nWrite it like 2026-12-01T03:00:00+01:00.\n',
  });
});

async function enqueued(words: readonly string[]): Promise<string> {
  const run = await cli([...words, '--async']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  return run.stdout.trim();
}

/** Runs a command and sends SIGINT, as Ctrl-C does, once it has printed this. */
async function interrupted(words: readonly string[], at: string): Promise<CliRun> {
  let child: ChildProcess | undefined;
  let printed = '';
  const run = cli(words, {
    started: (one) => {
      child = one;
      one.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
      });
    },
  });
  await until(
    async () => printed.includes(at),
    () => printed,
  );
  child?.kill('SIGINT');
  return run;
}

describe('enqueue', () => {
  test('tells what happens line by line, then the result', async () => {
    const run = await cli(QUERY);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toMatch(/^Accepted as op_[0-9A-Z]{26}\n/);
    expect(run.stdout).toMatch(/\d\d:\d\d:\d\d {2}running, attempt 1\n/);
    expect(run.stdout).toMatch(/✔ succeeded {2}salesforce.query → uat after/);
    expect(run.stdout).toContain('Records');
  });

  test('with --json prints the operation, and nothing else', async () => {
    const run = await cli([...QUERY, '--json']);
    const answer = JSON.parse(run.stdout) as { status: number; result: Operation; warnings: string[] };
    expect(answer).toMatchObject({ status: 0, result: { state: 'succeeded' }, warnings: [] });
    expect(answer.result.result).toMatchObject({ pages: 1 });
    expect(run.code).toBe(0);
  });

  test('of work that fails ends with 1, and says how to try again', async () => {
    const run = await cli(BROKEN);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('(query-failed)');
    expect(run.stdout).toContain('sfp-server operation retry op_');
    const json = await cli([...BROKEN, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 1, result: { state: 'failed' } });
    expect(json.code).toBe(1);
  });

  test('ends with 69 when the wait is over, and the operation goes on', async () => {
    const run = await cli([...LATER, '-w', '0']);
    expect(run.code).toBe(69);
    expect(run.stdout).toContain('The wait is over; the operation goes on (scheduled).');
    const json = await cli([...LATER, '-w', '0', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 69, result: { state: 'scheduled' } });
  });

  test('stops watching at Ctrl-C, and says how to follow and how to cancel', async () => {
    const run = await interrupted(LATER, 'accepted:');
    expect(run.code).toBe(69);
    const id = run.stdout.match(/Accepted as (op_\w+)/)?.[1] ?? '';
    expect(run.stdout).toContain(`sfp-server tail ${id}`);
    expect(run.stdout).toContain(`sfp-server operation cancel ${id}`);
    expect(resultOf<Operation>(await cli(['operation', 'show', id, '--json'])).state).toBe('scheduled');
  });

  test('takes its input from standard input, and its labels and key from flags', async () => {
    const words = ['enqueue', 'salesforce.query', '-o', 'uat', '--input-file', '-', '--async', '--json'];
    const terms = ['--on-worker-loss', 'indeterminate', '--max-attempts', '2', '--timeout-seconds', '90'];
    const flags = ['--label', 'pr=42', '--idempotency-key', 'once', '--priority', 'batch', ...terms];
    const input = '{"soql": "SELECT Id FROM Account"}';
    const first = resultOf<Operation>(await cli([...words, ...flags], { input }));
    expect(first).toMatchObject({ labels: { pr: '42' }, priority: 'batch' });
    expect(first).toMatchObject({ onWorkerLoss: 'indeterminate', maxAttempts: 2, timeoutSeconds: 90 });
    const again = resultOf<Operation>(await cli([...words, ...flags], { input }));
    expect(again.id).toBe(first.id);
    const other = await cli([...words, ...flags, '--input', 'maxRecords=1'], { input });
    expect(JSON.parse(other.stdout)).toMatchObject({ name: 'idempotency-conflict' });
    expect(other.code).toBe(2);
  });

  test.each([
    [['enqueue', 'salesforce.nothing'], 2, 'salesforce.nothing'],
    [['enqueue', 'salesforce.query', '-o', 'uat'], 2, 'soql'],
    [['enqueue', 'salesforce.query', '-o', 'nowhere', '-i', 'soql=x'], 2, 'nowhere'],
    [['enqueue', 'salesforce.query', '-i', 'soql'], 2, 'name=value'],
    [['enqueue'], 2, 'Something is missing: TASK.'],
    [['enqueue', 'salesforce.query', '--wait', 'soon'], 2, 'soon'],
  ])('%j is refused in one sentence with the next step', async (words, code, says) => {
    const run = await cli(words);
    expect(run.code).toBe(code);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(/^Error: /);
    expect(run.stderr).toContain(says);
    expect(run.stderr).not.toMatch(/\n {4}at /);
  });
});

describe('operation list and show', () => {
  test('list the newest first, by state, org and label', async () => {
    const id = await enqueued([...LATER, '--label', 'only=this']);
    const words = ['operation', 'list', '--state', 'scheduled', '-o', 'uat', '--label', 'only=this'];
    const run = await cli(words);
    expect(run.stdout).toMatch(/^ID +STATE +TASK +ORG/);
    expect(run.stdout).toMatch(new RegExp(`${id} +◌ scheduled +salesforce.identity +uat`));
    const listed = resultOf<{ items: Operation[] }>(await cli([...words, '--json']));
    expect(listed.items.map((one) => one.id)).toEqual([id]);
  });

  test('say when there are more than were asked for', async () => {
    await enqueued(LATER);
    await enqueued(LATER);
    const run = await cli(['operation', 'list', '-n', '1']);
    expect(run.stdout.trim().split('\n')).toHaveLength(2);
    expect(run.stderr).toContain('There are more');
  });

  test('show says what is known, and what the input was', async () => {
    const id = await enqueued(LATER);
    const run = await cli(['operation', 'show', id]);
    expect(run.stdout).toContain(id);
    expect(run.stdout).toMatch(/Waiting +it is scheduled in .*\(/);
    expect(run.stdout).toMatch(/Origin +cli/);
  });

  test('of an unknown id end with 1, of something else with 2', async () => {
    const unknown = await cli(['operation', 'show', UNKNOWN_ID]);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(UNKNOWN_ID);
    const wrong = await cli(['operation', 'show', 'op_1', '--json']);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ status: 2, name: 'invalid-request', warnings: [] });
    expect(wrong.code).toBe(2);
  });
});

describe('operation cancel and retry', () => {
  test('a cancelled operation stays so; cancelling it again is refused', async () => {
    const id = await enqueued(LATER);
    const run = await cli(['operation', 'cancel', id, '-w', '1']);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(`${id} is cancelled.`);
    expect((await cli(['operation', 'cancel', id])).code).toBe(1);
    expect((await cli(['tail', id])).code).toBe(1);
  });

  test('a retry is a new operation that names the first', async () => {
    const first = resultOf<Operation>(await cli([...BROKEN, '--json']));
    const run = await cli(['operation', 'retry', first.id, '-w', '1', '--json']);
    expect(run.code).toBe(1);
    expect(resultOf<Operation>(run)).toMatchObject({ retryOf: first.id, state: 'failed' });
  });
});

describe('tail', () => {
  test('of one operation tells its history, and ends as it ended', async () => {
    const id = resultOf<Operation>(await cli([...QUERY, '--json'])).id;
    const run = await cli(['tail', id]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('accepted: salesforce.query → uat');
    expect(run.stdout).toContain('✔ succeeded');
  });

  test('with --json prints one event per line, each once and in order', async () => {
    const id = resultOf<Operation>(await cli([...QUERY, '--json'])).id;
    const run = await cli(['tail', id, '--json']);
    const events = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as OperationEvent);
    const seqs = events.map((event) => event.seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((one, other) => one - other));
    expect(events[0]?.body.type).toBe('created');
    expect(events.at(-1)?.body).toMatchObject({ type: 'state', to: 'succeeded' });
  });

  test('without an operation tells what happens from now on, until Ctrl-C', async () => {
    let enqueuedId = '';
    let asked = false;
    let child: ChildProcess | undefined;
    let printed = '';
    const tail = cli(['tail', '--json'], {
      started: (one) => {
        child = one;
        one.stdout?.on('data', (chunk: Buffer) => {
          printed += chunk.toString('utf8');
        });
      },
    });
    await until(async () => {
      // only a follower that already stands sees it, so it is asked for until it is seen
      if (!asked || !printed.includes(enqueuedId)) enqueuedId = await enqueued(LATER);
      asked = true;
      return printed.includes(enqueuedId);
    });
    child?.kill('SIGINT');
    expect((await tail).code).toBe(0);
  });

  test('goes on where it was when the server is killed and started again', async () => {
    const id = await enqueued(LATER);
    let printed = '';
    const tail = cli(['tail', id], {
      started: (one) => {
        one.stdout?.on('data', (chunk: Buffer) => {
          printed += chunk.toString('utf8');
        });
      },
    });
    await until(async () => printed.includes('accepted:'));
    await server.kill();
    await until(async () => printed.includes('The connection is lost'));
    await server.start();
    await until(async () => printed.includes('The connection is back'));
    await cli(['operation', 'cancel', id]);
    const run = await tail;
    expect(run.code).toBe(1);
    expect(run.stdout.match(/accepted:/g)).toHaveLength(1);
    expect(run.stdout).toContain('cancelled');
  });
});
