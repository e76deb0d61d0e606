import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { OPERATION_STATES } from '../../src/contract/operation.ts';
import type { DeployResult } from '../../src/contract/tasks.ts';
import { endedLines } from '../../src/tui/ended-lines.ts';
import { plainLine } from '../../src/tui/event-sentence.ts';
import { operationLines } from '../../src/tui/operation-lines.ts';
import { resultLines } from '../../src/tui/result-lines.ts';
import { lookOf } from '../../src/tui/theme.ts';
import {
  durationWords,
  localTime,
  momentWords,
  oneLine,
  untilWords,
  waitingWords,
  wrapped,
} from '../../src/tui/words.ts';
import { at, eventOf, ID, operation, progressOf, START, stateOf, stepOf } from './samples.ts';

type Lines = ReturnType<typeof resultLines>;
const textOf = (lines: Lines): string =>
  lines.map((line) => line.map((span) => span.text).join('')).join('\n');

const DEPLOYED: DeployResult = {
  deploymentId: '0Af000000000001',
  status: 'Failed',
  checkOnly: true,
  commitId: 'c0ffee',
  components: { total: 10, deployed: 9, failed: 1 },
  tests: { total: 2, completed: 2, failed: 1 },
  componentFailures: [
    {
      type: 'ApexClass',
      name: 'A',
      file: 'classes/A.cls',
      line: 3,
      column: 7,
      problem: 'Variable does not exist and this is a long sentence about it',
    },
  ],
  testFailures: [{ name: 'ATest', method: 'works', message: 'Assertion failed', stack: 'line 1' }],
  resumed: true,
};

describe('the result of an operation', () => {
  const failed = operation({
    state: 'failed',
    finishedAt: at(65),
    result: DEPLOYED,
    error: { code: 'deploy-failed', message: 'One failed.', hint: 'Correct it.', retryable: false },
  });

  test('says what came of a deployment, where it failed, and what to do next', () => {
    const text = textOf(resultLines(failed));
    for (const words of [
      '✖ failed  salesforce.deploy → uat after 1m 05s',
      'One failed. (deploy-failed)',
      'Correct it.',
      '0Af000000000001 Failed (validation only',
      'c0ffee',
      '9 of 10, 1 failed',
      '2 of 2, 1 failed',
      '✖ classes/A.cls:3:7\n      Variable does not exist',
      '✖ ATest.works\n      Assertion failed\n      line 1',
      `sfp-server operation retry ${ID}`,
    ]) {
      expect(text).toContain(words);
    }
  });

  test('breaks sentences between words, and no place', () => {
    const lines = textOf(resultLines(failed, 40)).split('\n');
    expect(lines).toContain('      Variable does not exist and this');
    expect(lines).toContain('  ✖ classes/A.cls:3:7');
  });

  test('carries no escape sequence of a file name or a message to the terminal', () => {
    const [one] = DEPLOYED.componentFailures;
    const evil = { ...one, file: 'classes/\u001b]0;A\u0007\u001b[2J.cls', problem: '\u001b[8mhidden' };
    const componentFailures = [evil] as typeof DEPLOYED.componentFailures;
    const text = textOf(resultLines({ ...failed, result: { ...DEPLOYED, componentFailures } }));
    expect(text).not.toMatch(/[\u0007\u001b]/);
    expect(text).toContain('classes/.cls:3:7');
  });

  test('lists twenty failures and says how many there are', () => {
    const componentFailures = Array.from({ length: 25 }, () => DEPLOYED.componentFailures[0]).flatMap(
      (one) => one ?? [],
    );
    const text = textOf(resultLines({ ...failed, result: { ...DEPLOYED, componentFailures } }));
    expect(text).toContain('… and 5 more');
  });

  test('says how to resolve what is indeterminate, and then how it was resolved', () => {
    const indeterminate = operation({ state: 'indeterminate', finishedAt: at(9) });
    expect(textOf(resultLines(indeterminate))).toContain(`sfp-server operation resolve ${ID} --as`);
    const resolution = { as: 'failed', note: 'not in the org', by: 'ann', at: at(20) } as const;
    const resolved = textOf(resultLines({ ...indeterminate, resolution }));
    expect(resolved).toContain('resolved as failed by ann: not in the org');
    expect(resolved).not.toContain('operation resolve');
  });

  test('counts the records of a query', () => {
    const result = { totalSize: 5_000, records: [{}, {}], pages: 3, truncated: true };
    const text = textOf(resultLines(operation({ state: 'succeeded', result })));
    expect(text).toContain('2 of 5000, in 3 pages');
  });

  test('shows the first records of a query as a table, no wider than the terminal', () => {
    const record = (Name: string) => ({
      attributes: { type: 'Account' },
      Id: '001',
      Name,
      Owner: { Name: 'Ada' },
    });
    const records = [
      record('Acme'),
      ...Array.from({ length: 21 }, () => record('\u001b[2Jlong '.repeat(20))),
    ];
    const result = { totalSize: 22, records, pages: 1, truncated: false };
    const lines = textOf(resultLines(operation({ state: 'succeeded', result }), 60)).split('\n');
    const head = lines.findIndex((line) => line.includes('Owner.Name'));
    expect(lines[head]).toMatch(/^ {2}Id {3}Name +Owner\.Name$/);
    expect(lines[head + 1]).toMatch(/^ {2}001 {2}Acme +Ada$/);
    expect(lines.at(-1)).toBe('  … and 2 more, all of them with --json');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.join('')).not.toContain('\u001b');
  });

  test('of one that is no longer watched: it goes on, and how to follow or cancel it', () => {
    const text = textOf(endedLines({ operation: operation(), ended: 'detached' }, 80));
    expect(text).toContain('the operation goes on');
    expect(text).toContain(`sfp-server tail ${ID}`);
    expect(text).toContain(`sfp-server operation cancel ${ID}`);
  });

  test('shown with its whole record', () => {
    const labels = { pr: '42' };
    const record = operation({ labels, input: { checkOnly: true }, waitingFor: { reason: 'capacity' } });
    const text = textOf(operationLines(record, START, 80));
    for (const words of ['1 of 3', 'pr=42', '"checkOnly": true', 'it waits for a free worker']) {
      expect(text).toContain(words);
    }
  });
});

describe('a plain line', () => {
  test('says when, which operation, and what', () => {
    const line = plainLine(eventOf(1, progressOf(3, 10)), { withOperation: true });
    expect(line).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d  ${ID}  3/10 components$`));
  });

  test('names errors and warnings as such', () => {
    const error = { code: 'timed-out', message: 'Too slow.', hint: '', retryable: false };
    const line = plainLine(eventOf(1, stateOf('running', 'timed_out', { error })), { withOperation: false });
    expect(line).toContain('error: timed out (timed-out: Too slow.)');
    expect(plainLine(eventOf(1, stepOf('x', 'failed', 'Log in')), { withOperation: false })).toContain(
      '✖ Log in',
    );
  });

  test('is not printed where there is nothing to say', () => {
    expect(plainLine(eventOf(1, { type: 'waiting', waitingFor: null }), { withOperation: false })).toBeNull();
  });
});

describe('words', () => {
  test.each([
    [400, '0.4s'],
    [9_990, '9.9s'],
    [42_000, '42s'],
    [187_000, '3m 07s'],
    [7_500_000, '2h 05m'],
    [273_600_000, '3d 4h'],
    [-5, '0.0s'],
  ])('%i ms is %s', (ms, words) => expect(durationWords(ms)).toBe(words));

  test.each([
    [{ reason: 'org', operation: ID, place: 2 }, `waits behind ${ID} in lane uat, place 2`],
    [{ reason: 'retry', until: at(25) }, 'in 25s'],
    [{ reason: 'schedule', until: at(-1) }, 'is scheduled, due now'],
    [{ reason: 'capacity' }, 'waits for a free worker'],
    [{ reason: 'lock', by: 'ann', note: 'n' }, 'waits behind the lock of ann: n'],
    [{ reason: 'paused', scope: 'server', by: 'ann' }, 'waits: the server is paused by ann'],
    [{ reason: 'paused', scope: 'org', by: 'ann', note: 'n' }, 'waits: its lane is paused by ann: n'],
  ] as const)('say why it waits: %o', (waitingFor, words) => {
    expect(waitingWords(waitingFor, 'uat', START)).toContain(words);
  });

  test('of others cannot move the cursor', () => {
    expect(oneLine('\u001b]0;title\u0007a\r\nb\u001b[2Jc\u009bd')).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f]/,
    );
  });

  test('are wrapped by columns, not by characters', () => {
    const lines = wrapped('漢字 漢字 漢字 abc', 9);
    expect(lines).toEqual(['漢字 漢字', '漢字 abc']);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBe(9);
  });

  test('and a look stand for every state', () => {
    for (const state of OPERATION_STATES) expect(stringWidth(lookOf(state).symbol)).toBe(1);
  });
});

describe('a result of no known form', () => {
  test('is shown as JSON, and says how much of it is left out', () => {
    const artifacts = Array.from({ length: 30 }, (_, index) => ({ name: `o/f${index}.txt` }));
    const done = operation({ state: 'succeeded', result: { artifacts } });
    const lines = textOf(resultLines(done)).split('\n');
    expect(lines).toContain('        "name": "o/f0.txt"');
    expect(lines.at(-1)).toBe('  … and 54 more lines, with --json');
    const short = textOf(resultLines(operation({ state: 'succeeded', result: { done: 1 } })));
    expect(short).toMatch(/ {2}\{\n {4}"done": 1\n {2}\}$/);
  });
});

describe('what a program printed in colours', () => {
  const printed = (ansi: string) => eventOf(1, { type: 'log', level: 'info', message: 'red done', ansi });
  const line = (ansi: string) => plainLine(printed(ansi), { withOperation: false, colours: true });

  test('keeps them where the terminal shows them, and ends them with the line', () => {
    expect(line('\u001b[31mred\u001b[0m done')).toMatch(/ {2}\u001b\[31mred\u001b\[0m done\u001b\[0m$/);
  });

  test('has no other power over the terminal, whoever wrote it', () => {
    expect(line('\u001b[31mred\u001b[2J\u001b]0;title\u0007\u001b[0m\ndone')).toMatch(
      / {2}\u001b\[31mred\u001b\[0m done\u001b\[0m$/,
    );
  });

  test('stands as it was printed: indented, and in columns', () => {
    const said = (message: string) =>
      plainLine(eventOf(1, { type: 'log', level: 'info', message }), { withOperation: false });
    expect(said('NAME      VALUE  ')).toMatch(/ {2}NAME {6}VALUE$/);
    expect(said('    at line 3')).toMatch(/ {6}at line 3$/);
    expect(said('id\tname\tvalue')).toMatch(/ {2}id {6}name {4}value$/);
    expect(line('\u001b[31mid\u001b[0m\tname')).toContain('\u001b[31mid\u001b[0m      name');
  });

  test('is plain everywhere else', () => {
    expect(plainLine(printed('\u001b[31mred\u001b[0m done'), { withOperation: false })).toMatch(
      / {2}red done$/,
    );
  });
});

describe('a moment in a list', () => {
  const now = new Date(2026, 10, 26, 10, 0, 0).getTime();
  const local = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

  test('is a time of today, or has its date', () => {
    expect(momentWords(local(2026, 10, 26, 9, 5), now)).toBe('09:05');
    expect(momentWords(local(2026, 10, 25, 9, 5), now)).toBe('2026-11-25 09:05');
  });

  test('to come says how soon, and when', () => {
    expect(untilWords(local(2026, 11, 1, 17, 30), now)).toBe('in 5d 7h (2026-12-01 17:30)');
    expect(untilWords(local(2026, 10, 26, 10, 2), now)).toBe('in 2m 00s (10:02:00)');
    expect(untilWords(local(2026, 10, 26, 9, 0), now)).toBe('due now');
  });

  test('names no zone GMT', () => {
    expect(localTime(at(0))).toMatch(/ (UTC|GMT[+-][1-9].*)$/);
  });
});
