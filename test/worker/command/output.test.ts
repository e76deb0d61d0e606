import { describe, expect, test } from 'vitest';
import type { ReportBody, WorkerMessage } from '../../../src/contract/worker-protocol.ts';
import { createOutput } from '../../../src/worker/command/output.ts';
import { createRedaction } from '../../../src/worker/redaction.ts';
import { createReporter } from '../../../src/worker/reporter.ts';

/** As long as an access token is, and of no known shape. */
const TOKEN = Array.from({ length: 112 }, (_, index) => 'Kq7.Zx_3'[index % 8]).join('');
const WRAPPED = (Buffer.from(`${TOKEN}\n`)
  .toString('base64')
  .match(/.{1,76}/g) ?? []) as readonly string[];

function bench(progress: { readonly pattern: string; readonly unit: string }[] = []) {
  const sent: ReportBody[] = [];
  const redaction = createRedaction();
  redaction.register(TOKEN);
  const reporter = createReporter({
    attempt: 1,
    redaction,
    async send(message: WorkerMessage) {
      if (message.type === 'report') sent.push(message.body);
    },
  });
  return { sent, output: createOutput(reporter, { progress }) };
}

async function tailOf(...lines: readonly string[]): Promise<readonly string[]> {
  const { output } = bench();
  for (const line of lines) await output.line(line, 'stdout');
  return output.tail();
}

describe('the last lines of a program', () => {
  test('are masked as its log is, where a secret goes over two of them', async () => {
    expect(WRAPPED).toHaveLength(2);
    const tail = await tailOf('before', ...WRAPPED);
    expect(tail).toHaveLength(3);
    expect(tail.slice(0, 2)).toEqual(['before', '[redacted]']);
    expect(tail[2]).toMatch(/^\[redacted\].{0,6}$/);
  });

  test('are masked where its other stream, or its progress, comes in between', async () => {
    const { output, sent } = bench([{ pattern: '(?<done>\\d+) of (?<total>\\d+)', unit: 'files' }]);
    const [first = '', second = ''] = WRAPPED;
    await output.line(first, 'stdout');
    await output.line('1 of 2', 'stderr');
    await output.line(second, 'stdout');
    expect(output.tail()).not.toContain(first);
    expect(JSON.stringify(sent)).not.toContain(first);
    expect(sent).toContainEqual({
      kind: 'progress',
      progress: { done: 1, total: 2, unit: 'files', message: '' },
    });
  });

  test('are looked through for progress only where they begin, because a pattern may take long', async () => {
    const { output, sent } = bench([{ pattern: '(?<done>\\d+) of (?<total>\\d+)', unit: 'files' }]);
    await output.line('7'.repeat(1_000_000), 'stdout');
    await output.line('1 of 2', 'stdout');
    output.tail();
    expect(sent.filter(({ kind }) => kind === 'progress')).toHaveLength(1);
  });

  test('are cut once they are masked, so that no beginning of a secret is left where they end', async () => {
    const [line = ''] = await tailOf(`${'x'.repeat(450)} ${TOKEN} and more`);
    expect(line).toBe(`${'x'.repeat(450)} [redacted] and more`);
    expect((await tailOf('y'.repeat(600)))[0]).toHaveLength(500);
  });

  test('are all there once it has ended, also one that may be the beginning of a secret', async () => {
    expect(await tailOf('it ended', TOKEN.slice(0, 40))).toEqual(['it ended', TOKEN.slice(0, 40)]);
  });

  test('say how far it is without what they mask, and never part a secret for it', async () => {
    const { output, sent } = bench([
      { pattern: '(?<done>\\d+) of (?<total>\\d+) (?<message>.*)', unit: 'files' },
    ]);
    const [first = '', second = ''] = WRAPPED;
    await output.line(`1 of 2 ${first}`, 'stdout');
    await output.line(`${second}`, 'stdout');
    output.tail();
    expect(sent).toContainEqual({
      kind: 'progress',
      progress: { done: 1, total: 2, unit: 'files', message: '[redacted]' },
    });
    expect(JSON.stringify(sent)).not.toContain(first);
  });
});

describe('what a terminal would obey', () => {
  test('is taken out, and the text around it stays', async () => {
    const tail = await tailOf(
      'a\u001b[1;31mb\u001b[0m\u001b[2K\u001b[?25l c',
      'a\u001b]0;title\u0007b\u001b]8;;https://acme.example\u001b\\c\u001b]8;;\u001b\\',
      'a\u009b31mb\u001bcc\u001b(Bd',
      'a\u001b]never ends',
    );
    expect(tail).toEqual(['ab c', 'abc', 'abcd', 'anever ends']);
  });

  test('takes time in proportion to the text, whatever it holds', async () => {
    for (const unit of ['\u001b]', '\u001b]8;;', '\u001b[', '\u001b[1;', '\u001b', '\u001bP;'])
      await tailOf(`${unit.repeat(500_000)} end`);
  });
});
