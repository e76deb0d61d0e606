import { describe, expect, test } from 'vitest';
import { REPORT_WINDOW, type WorkerMessage } from '../../src/contract/worker-protocol.ts';
import { createRedaction } from '../../src/worker/redaction.ts';
import { createReporter } from '../../src/worker/reporter.ts';
import { until } from '../support/until.ts';

type Report = Extract<WorkerMessage, { type: 'report' }>;

function bench() {
  const sent: Report[] = [];
  const redaction = createRedaction();
  const send = async (message: WorkerMessage) => void (message.type === 'report' && sent.push(message));
  return { sent, redaction, reporter: createReporter({ attempt: 3, redaction, send }) };
}

const bodies = (sent: readonly Report[]) => sent.map(({ body }) => body);
const progress = (done: number) => ({ done, total: 1_000, unit: 'records', message: '' });

describe('the reporter', () => {
  test('numbers its reports from 1 and stops at the window until the daemon has them', async () => {
    const { reporter, sent } = bench();
    for (let index = 0; index < REPORT_WINDOW + 10; index += 1) reporter.log('info', `line ${index}`);
    expect(sent.map(({ number }) => number)).toEqual(
      Array.from({ length: REPORT_WINDOW }, (_, index) => index + 1),
    );
    reporter.acknowledged(4);
    expect(sent).toHaveLength(REPORT_WINDOW + 4);
    const finished = reporter.finish({ state: 'succeeded', result: {} });
    reporter.acknowledged(1_000_000);
    await finished;
    expect(sent.at(-1)).toMatchObject({ attempt: 3, number: REPORT_WINDOW + 11, body: { kind: 'outcome' } });
  });

  test('sends the outcome behind everything else, and only when the window lets it', async () => {
    const { reporter, sent } = bench();
    for (let index = 0; index < REPORT_WINDOW; index += 1) reporter.log('info', 'x');
    let finished = false;
    const done = reporter.finish({ state: 'succeeded', result: {} }).then(() => {
      finished = true;
    });
    await Promise.resolve();
    expect([finished, sent.length]).toEqual([false, REPORT_WINDOW]);
    reporter.acknowledged(1);
    await done;
    expect(sent.at(-1)?.body.kind).toBe('outcome');
  });

  test('makes few reports of much progress, and never drops the last one', async () => {
    const { reporter, sent } = bench();
    for (let done = 1; done <= 500; done += 1) reporter.progress(progress(done));
    expect(bodies(sent)).toEqual([{ kind: 'progress', progress: progress(1) }]);
    await until(() => sent.length === 2);
    expect(bodies(sent)[1]).toEqual({ kind: 'progress', progress: progress(500) });
    for (let done = 501; done <= 600; done += 1) reporter.progress(progress(done));
    await reporter.finish({ state: 'cancelled', result: null });
    expect(bodies(sent).slice(-2)).toEqual([
      { kind: 'progress', progress: progress(600) },
      { kind: 'outcome', outcome: { state: 'cancelled', result: null } },
    ]);
  });

  test('sends the last progress of a phase before that of the next one', () => {
    const { reporter, sent } = bench();
    reporter.progress(progress(1));
    reporter.progress(progress(1_000));
    reporter.progress({ done: 0, total: 5, unit: 'tests', message: '' });
    expect(bodies(sent)).toContainEqual({ kind: 'progress', progress: progress(1_000) });
  });

  test('keeps progress in its order with other reports', () => {
    const { reporter, sent } = bench();
    reporter.progress(progress(1));
    reporter.progress(progress(2));
    reporter.log('info', 'then');
    expect(bodies(sent).map(({ kind }) => kind)).toEqual(['progress', 'progress', 'log']);
  });

  test('tells how a step ends', async () => {
    const { reporter, sent } = bench();
    await reporter.step('a', 'First', async (end) => {
      end.detail = '3 files';
    });
    await reporter.step('b', 'Second', async (end) => {
      end.failed = true;
    });
    await expect(reporter.step('c', 'Third', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(bodies(sent)).toMatchObject([
      { step: 'a', state: 'started' },
      { step: 'a', state: 'done', detail: '3 files' },
      { step: 'b', state: 'started' },
      { step: 'b', state: 'failed' },
      { step: 'c', state: 'started' },
      { step: 'c', state: 'failed' },
    ]);
  });

  test('redacts, and cuts texts to what the protocol takes', async () => {
    const { redaction, reporter, sent } = bench();
    redaction.register('canary-secret');
    reporter.log('warn', `the canary-secret ${'x'.repeat(9_000)}`);
    await reporter.finish({
      state: 'failed',
      result: { list: ['canary-secret'] },
      error: { code: 'task-failed', message: 'y'.repeat(5_000), hint: 'canary-secret', retryable: false },
    });
    expect(JSON.stringify(sent)).not.toContain('canary-secret');
    const [log, outcome] = bodies(sent);
    expect(log?.kind === 'log' && log.message.length).toBe(8_000);
    expect(outcome).toMatchObject({
      outcome: { error: { hint: '[redacted]' }, result: { list: ['[redacted]'] } },
    });
  });

  test('refuses a result that is too large to be kept', async () => {
    const { reporter, sent } = bench();
    await reporter.finish({ state: 'succeeded', result: { text: 'x'.repeat(1_100_000) } });
    expect(sent[0]?.body).toMatchObject({ outcome: { state: 'failed', error: { code: 'too-large' } } });
  });
});
