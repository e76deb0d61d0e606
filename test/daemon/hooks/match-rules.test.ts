import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Rule } from '../../../src/contract/hook.ts';
import { branchOf } from '../../../src/daemon/hooks/conditions.ts';
import type { RuleJob } from '../../../src/daemon/hooks/evaluate.ts';
import { createRuleMatcher } from '../../../src/daemon/hooks/match-rules.ts';

const matcher = createRuleMatcher();
afterAll(async () => await matcher.stop());

const payload = {
  action: 'opened',
  number: 7,
  pull_request: {
    draft: false,
    title: `${'a'.repeat(40)}!`,
    base: { ref: 'main' },
    head: { sha: 'c0ffee' },
    labels: [{ name: 'deploy' }, { name: 'urgent' }],
  },
  nothing: null,
};

function rule(changes: Partial<Rule> = {}): Rule {
  return { name: 'first', on: { event: 'pull_request' }, task: 'salesforce.query', input: {}, ...changes };
}

function job(rules: readonly Rule[], changes: Partial<RuleJob> = {}): RuleJob {
  return {
    hook: 'github',
    event: 'pull_request',
    headers: { 'x-github-event': 'pull_request' },
    format: 'json',
    body: Buffer.from(JSON.stringify(payload)),
    rules,
    ...changes,
  };
}

async function matchedRule(rules: readonly Rule[], changes: Partial<RuleJob> = {}): Promise<string | null> {
  const result = await matcher.match(job(rules, changes));
  return result.kind === 'matched' ? result.rule : null;
}

describe('which rule matches', () => {
  it('the first one whose event, action and branch fit', async () => {
    const rules = [
      rule({ name: 'push', on: { event: 'push' } }),
      rule({ name: 'closed', on: { event: 'pull_request', action: 'closed' } }),
      rule({ name: 'develop', on: { event: 'pull_request', branch: ['develop', 'next'] } }),
      rule({
        name: 'this',
        on: { event: ['push', 'pull_request'], action: ['opened', 'reopened'], branch: 'main' },
      }),
      rule({ name: 'later' }),
    ];
    expect(await matchedRule(rules)).toBe('this');
  });

  it('none, where none fits', async () => {
    expect(await matcher.match(job([rule({ on: { event: 'push' } })]))).toEqual({ kind: 'no-rule' });
  });

  it('only where its condition is true, not merely something', async () => {
    const rules = [
      rule({ name: 'false', if: 'payload.pull_request.draft' }),
      rule({ name: 'missing', if: 'payload.no.such.thing' }),
      rule({ name: 'text', if: '"yes"' }),
      rule({
        name: 'true',
        if: 'payload.pull_request.draft = false and hook = "github" and event = "pull_request"',
      }),
    ];
    expect(await matchedRule(rules)).toBe('true');
  });

  it('a form carries the same payload', async () => {
    const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
    expect(await matchedRule([rule()], { format: 'form', body })).toBe('first');
  });

  it.each(['{"a":', '[1]', '"text"', 'null', ''])('a payload that is no JSON object: %s', async (text) => {
    expect(await matcher.match(job([rule()], { body: Buffer.from(text) }))).toMatchObject({
      kind: 'invalid-json',
    });
  });

  it.each([
    [{ ref: 'refs/heads/feature/x' }, 'feature/x'],
    [{ ref: 'refs/tags/v1' }, null],
    [{ ref: 'main', ref_type: 'branch' }, 'main'],
    [{ ref: 'v1', ref_type: 'tag' }, null],
    [{ pull_request: { base: { ref: 'main' } }, ref: 'refs/heads/other' }, 'main'],
    [{}, null],
  ])('the branch of %j is %s', (given, branch) => {
    expect(branchOf(given)).toBe(branch);
  });
});

describe('what a rule renders', () => {
  it('one expression alone keeps its type, among text it becomes text', async () => {
    const result = await matcher.match(
      job([
        rule({
          org: '{{ payload.pull_request.base.ref }}-org',
          priority: 'batch',
          timeoutSeconds: 60,
          maxAttempts: 2,
          onWorkerLoss: 'indeterminate',
          input: {
            number: '{{ payload.number }}',
            draft: '{{ payload.pull_request.draft }}',
            names: '{{ payload.pull_request.labels.name }}',
            nothing: '{{ payload.nothing }}',
            object: '{{ {"sha": payload.pull_request.head.sha} }}',
            text: 'pr-{{ payload.number }}: {{ payload.pull_request.labels.name }}',
            list: ['as it is', { deep: '{{ headers.`x-github-event` }}' }],
            plain: 5,
          },
          labels: { pr: '{{ payload.number }}' },
          supersede: { key: 'pr-{{ payload.number }}', running: 'cancel' },
        }),
      ]),
    );
    expect(result).toEqual({
      kind: 'matched',
      rule: 'first',
      request: {
        task: 'salesforce.query',
        org: 'main-org',
        priority: 'batch',
        timeoutSeconds: 60,
        maxAttempts: 2,
        onWorkerLoss: 'indeterminate',
        input: {
          number: 7,
          draft: false,
          names: ['deploy', 'urgent'],
          nothing: null,
          object: { sha: 'c0ffee' },
          text: 'pr-7: ["deploy","urgent"]',
          list: ['as it is', { deep: 'pull_request' }],
          plain: 5,
        },
        labels: { pr: '7' },
        supersede: { key: 'pr-7', running: 'cancel' },
      },
    });
  });

  it.each([
    [
      'a value that is not there',
      { input: { x: '{{ payload.no.sha }}' } },
      '{{ payload.no.sha }} has no value',
    ],
    ['null among text', { labels: { x: '{{ payload.nothing }}' } }, '{{ payload.nothing }} has no value'],
    ['a function', { input: { x: '{{ $sum }}' } }, '{{ $sum }} has no value'],
    ['a lambda', { input: { x: '{{ function($a){ $a } }}' } }, 'has no value'],
    ['a type error', { if: 'payload.action + 1' }, '"payload.action + 1" failed: '],
    ['a failing expression', { input: { x: '{{ $error("no") }}' } }, '"$error("no")" failed: '],
    ['too large a result', { input: { x: '{{ $pad("", 400000, "x") }}' } }, 'larger than'],
  ] as const)('%s fails the rule by name', async (_, changes, detail) => {
    const result = await matcher.match(job([rule(changes), rule({ name: 'second' })]));
    expect(result).toMatchObject({ kind: 'rule-failed', rule: 'first' });
    expect((result as { detail: string }).detail).toContain(detail);
  });

  it.each([3_000, 20_000, 100_000])(
    'a value nested %i deep is no bug: rendered, or refused by name',
    async (depth) => {
      const body = Buffer.from(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`);
      const result = await matcher.match(job([rule({ input: { x: '{{ payload.x }}' } })], { body }));
      expect(['matched', 'rule-failed']).toContain(result.kind);
      expect(result).toMatchObject({ rule: 'first' });
    },
  );

  it('what one delivery changes is not there for the next', async () => {
    await matcher.match(job([rule({ input: { x: '{{ $spread(payload) }}' } })]));
    const result = await matcher.match(job([rule({ input: { x: '{{ payload.action }}' } })]));
    expect(result).toMatchObject({ kind: 'matched', request: { input: { x: 'opened' } } });
  });
});

describe('an expression without an end is ended', () => {
  it.each([
    ['endless recursion', '($f := function($x){ $f($x + 1) }; $f(1))'],
    ['recursion that grows', '($f := function($x){ 1 + $f($x + 1) }; $f(1))'],
    ['a regular expression that backtracks', '$match(payload.pull_request.title, /^(a+)+$/)'],
    ['a list of ten million numbers', '[1..9999999]'],
    ['lists of lists', '$sum([1..9999999].([1..1000]))'],
  ])('%s', async (_, expression) => {
    const result = await matcher.match(job([rule({ input: { x: `{{ ${expression} }}` } })]));
    expect(result).toMatchObject({ kind: 'rule-failed', rule: 'first' });
    expect(await matchedRule([rule()])).toBe('first');
  });

  it('deliveries that wait behind it are matched', async () => {
    const slow = matcher.match(job([rule({ if: '($f := function($x){ $f($x) }; $f(1))' })]));
    const others = await Promise.all(Array.from({ length: 5 }, () => matchedRule([rule()])));
    expect(others).toEqual(Array.from({ length: 5 }, () => 'first'));
    expect(await slow).toMatchObject({ kind: 'rule-failed' });
  });
});

it('a payload of the largest size is read', async () => {
  const commits = Array.from({ length: 60_000 }, (_, index) => ({ id: index, message: 'x'.repeat(350) }));
  const body = Buffer.from(JSON.stringify({ ...payload, commits }));
  expect(body.byteLength).toBeGreaterThan(20 * 1024 * 1024);
  expect(await matchedRule([rule()], { body })).toBe('first');
  expect(await matchedRule([rule()])).toBe('first');
});

it('after a stop nothing is matched any more', async () => {
  const stopped = createRuleMatcher();
  const underWay = stopped.match(job([rule({ if: '($f := function($x){ $f($x) }; $f(1))' })]));
  const refused = expect(underWay).rejects.toMatchObject({ code: 'shutting-down' });
  await stopped.stop();
  await refused;
  await expect(stopped.match(job([rule()]))).rejects.toMatchObject({ code: 'shutting-down' });
  await stopped.stop();
});

/** Ticks of the processor that the process of the rules has used: at none it is still starting. */
it.each([0, 15])('a daemon that is killed leaves no busy rule behind (after %d ticks)', async (ticks) => {
  const daemon = fork(new URL('../../fixtures/busy-matcher.ts', import.meta.url), [], {
    execArgv: [],
    stdio: 'ignore',
  });
  const child = await vi.waitFor(() => {
    const pids = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8').trim();
    expect(pids).toMatch(/^\d+$/);
    expect(Number(readFileSync(`/proc/${pids}/stat`, 'utf8').split(' ')[13])).toBeGreaterThanOrEqual(ticks);
    return pids;
  }, 10_000);
  daemon.kill('SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${child}`)).toBe(false), 10_000);
});
