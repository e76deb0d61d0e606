import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfiguration, readConfiguration } from '../../src/config/file.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { DEFAULT_CONFIGURATION } from '../../src/contract/configuration.ts';
import { AppError } from '../../src/contract/errors.ts';

const homes: string[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

function mistakesOf(text: string): string {
  try {
    parseConfiguration(text, 'sfp-server.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('configuration-invalid');
    return (error as AppError).message;
  }
  throw new Error('the configuration was taken');
}

function withRule(lines: readonly string[], head: readonly string[] = []): string {
  return [
    ...head,
    'hooks:',
    '  github:',
    '    kind: github',
    '    secret: github-webhook',
    '    rules:',
    '      - name: pull request',
    '        on: { event: pull_request }',
    ...lines.map((line) => `        ${line}`),
  ].join('\n');
}

describe('what is taken', () => {
  it('an empty file is the default configuration', () => {
    expect(parseConfiguration('', 'sfp-server.yaml')).toEqual(DEFAULT_CONFIGURATION);
    expect(parseConfiguration('# nothing\n', 'sfp-server.yaml')).toEqual(DEFAULT_CONFIGURATION);
  });

  it('a section keeps the defaults of what it leaves out', () => {
    const text = 'edge: { port: 9443 }\nlog:\nprograms: { processes: 64 }\n';
    const configuration = parseConfiguration(text, 'sfp-server.yaml');
    expect(configuration.edge).toEqual({ ...DEFAULT_CONFIGURATION.edge, port: 9443 });
    expect(configuration.log).toEqual(DEFAULT_CONFIGURATION.log);
    expect(configuration.programs).toEqual({ ...DEFAULT_CONFIGURATION.programs, processes: 64 });
  });

  it('an org without settings is an org', () => {
    expect(parseConfiguration('orgs:\n  uat:\n', 'sfp-server.yaml').orgs).toEqual({ uat: {} });
  });

  it("the design's example is valid", () => {
    const text = `
orgs:
  uat: { concurrency: 4 }
directories: [/srv/metadata]
repos:
  crm: { url: https://github.com/acme/crm.git, secret: github }
hooks:
  github:
    kind: github
    secret: github-webhook
    rules:
      - name: pull request
        on: { event: pull_request, action: [opened, synchronize, reopened], branch: main }
        if: payload.pull_request.draft = false
        task: salesforce.deploy
        org: uat
        priority: normal
        input: { checkOnly: true, source: { git: { repo: crm, ref: "{{ payload.pull_request.head.sha }}" } } }
        supersede: { key: "pr-{{ payload.number }}", running: cancel }
`;
    expect(parseConfiguration(text, 'sfp-server.yaml').hooks['github']?.rules[0]?.on.branch).toBe('main');
  });

  it('a rule may name a pool', () => {
    const rule = ['task: salesforce.query', 'org: ci', 'input: {}'];
    const text = `${withRule(rule)}\norgs: { uat: {} }\npools: { ci: [uat] }\n`;
    expect(parseConfiguration(text, 'sfp-server.yaml').pools).toEqual({ ci: ['uat'] });
  });

  it('names that hold an expression are left for the delivery', () => {
    const rule = ['task: salesforce.query', 'org: "{{ payload.org }}"', 'input: {}'];
    expect(parseConfiguration(withRule(rule), 'sfp-server.yaml').hooks).toHaveProperty('github');
  });
});

describe('what is refused, with line and column', () => {
  it.each([
    ['a list that is not closed', 'directories: [/a\nconcurrency: 2\n', /^sfp-server\.yaml:2:1: /],
    ['a tab as indentation', 'edge:\n\tport: 1\n', /^sfp-server\.yaml:2:1: /],
    ['a duplicate key', 'concurrency: 2\nconcurrency: 3\n', /^sfp-server\.yaml:2:1: this key is here/],
    ['a text', 'hello', /^sfp-server\.yaml:1:1: the configuration must be object/],
    [
      'an unknown key',
      'concurrency: 2\nhoks: {}\n',
      /^sfp-server\.yaml:2:1: unknown key "hoks"; did you mean "hooks"\?$/,
    ],
    [
      'an unknown key deep inside',
      'orgs:\n  uat:\n    concurency: 3\n',
      /^sfp-server\.yaml:3:5: unknown key "concurency"; did you mean "concurrency"\?$/,
    ],
    ['a word for a number', 'concurrency: many', /^sfp-server\.yaml:1:14: "concurrency" must be integer$/],
    [
      'a key that is kept for no time',
      'idempotency: { keepHours: 0 }',
      /^sfp-server\.yaml:1:27: "keepHours" must be >= 1$/,
    ],
    [
      'a key that is kept for longer than a year',
      'idempotency: { keepHours: 9000 }',
      /^sfp-server\.yaml:1:27: "keepHours" must be <= 8760$/,
    ],
    [
      'a word of no list',
      'log:\n  level: loud',
      /^sfp-server\.yaml:2:10: "level" must be one of debug, info, warn, error$/,
    ],
    [
      'a relative directory',
      'directories:\n  - /a\n  - b\n',
      /^sfp-server\.yaml:3:5: entry 2 of "directories" must be an absolute path$/,
    ],
    ['a name with a space', 'orgs:\n  my org: {}\n', /^sfp-server\.yaml:2:3: "my org" is no name/],
    ['a missing key', 'repos:\n  crm: {}\n', /^sfp-server\.yaml:2:8: "url" is missing in "crm"$/],
    ['an alias without an anchor', 'concurrency: *none\n', /^sfp-server\.yaml:1:/],
  ])('%s', (_, text, message) => {
    expect(mistakesOf(text)).toMatch(message);
  });

  it.each([
    [
      'an event that is a number',
      ['task: salesforce.query', 'input: {}', 'priority: normal'],
      'event: 5',
      /:7:22: "event" must be a valid string or array$/,
    ],
  ])('%s', (_, lines, event, message) => {
    expect(mistakesOf(withRule(lines).replace('event: pull_request', event))).toMatch(message);
  });

  it('an unknown task', () => {
    expect(mistakesOf(withRule(['task: salesforce.deplo', 'input: {}']))).toMatch(
      /^sfp-server\.yaml:8:15: unknown task "salesforce\.deplo"; did you mean "salesforce\.deploy"\?$/,
    );
  });

  it('a policy that is less careful than that of the task', () => {
    const rule = ['task: salesforce.deploy', 'onWorkerLoss: retry', 'input: {}'];
    expect(mistakesOf(withRule(rule))).toMatch(/^sfp-server\.yaml:9:23: retry could send an effect/);
  });

  it.each([
    [
      'of an org that nothing declares',
      'pools: { ci: [c2] }',
      /:2:15: "c2" is not declared under orgs:; did you mean "c1"\?$/,
    ],
    ['of a pool', 'pools: { ci: [c1], all: [ci] }', /:2:26: "ci" is a pool, and a pool holds orgs only$/],
    ['with the name of an org', 'pools: { c1: [c1] }', /:2:10: "c1" is the name of an org and of a pool$/],
    ['with an org twice', 'pools: { ci: [c1, c1] }', /:2:19: "c1" is in this pool for the second time$/],
    ['without an org', 'pools: { ci: [] }', /:2:14: "ci" must not have fewer than 1 items$/],
  ])('a pool %s', (_what, line, message) => {
    expect(mistakesOf(`orgs: { c1: {} }\n${line}\n`)).toMatch(message);
  });

  it('an org and a repository that nothing declares', () => {
    const rule = [
      'task: salesforce.deploy',
      'org: uta',
      'input: { source: { git: { repo: crn, ref: main } } }',
    ];
    const head = ['orgs: { uat: {} }', 'repos: { crm: { url: file:///crm } }'];
    expect(mistakesOf(withRule(rule, head)).split('\n')).toEqual([
      'sfp-server.yaml:11:14: "uta" is not declared under orgs:; did you mean "uat"?',
      'sfp-server.yaml:12:41: "crn" is not declared under repos:; did you mean "crm"?',
    ]);
  });

  it('expressions that are no JSONata', () => {
    const rule = [
      'task: salesforce.query',
      'if: payload.[',
      'input: { soql: "{{ $sum( }}", list: ["{{ a"] }',
      'labels: { pr: "{{ + }}" }',
    ];
    const messages = mistakesOf(withRule(rule)).split('\n');
    expect(messages.map((message) => message.split(': ', 1)[0])).toEqual([
      'sfp-server.yaml:9:13',
      'sfp-server.yaml:10:24',
      'sfp-server.yaml:10:46',
      'sfp-server.yaml:11:23',
    ]);
    expect(messages[0]).toMatch(/"payload\.\[" is no JSONata: .*\(at character \d+ of the expression\)$/);
    expect(messages[2]).toContain('has no closing }}');
  });

  it('many unknown keys at once', () => {
    const keys = Array.from({ length: 12 }, (_, index) => `zzz${index}: 1`).join('\n');
    expect(mistakesOf(keys)).toMatch(/^sfp-server\.yaml:1:1: unknown key "zzz0"\n/);
  });

  it('lists ten mistakes and counts the others', () => {
    const rule = ['task: salesforce.query', `input: { list: [${'"{{ + }}", '.repeat(12)}] }`];
    const messages = mistakesOf(withRule(rule)).split('\n');
    expect(messages).toHaveLength(11);
    expect(messages.at(-1)).toBe('and 2 more');
  });

  it('two rules of one name in one hook', () => {
    const text = `${withRule(['task: salesforce.query', 'input: {}'])}
      - { name: pull request, on: { event: push }, task: salesforce.query, input: {} }`;
    expect(mistakesOf(text)).toMatch(/^sfp-server\.yaml:10:17: two rules are called "pull request"$/);
  });
});

describe('the file of a home', () => {
  it('one without a file says how to make it', () => {
    const home = mkdtempSync(join(tmpdir(), 'sfp-cfg-'));
    homes.push(home);
    expect(() => readConfiguration(pathsOf(home))).toThrow(
      expect.objectContaining({ code: 'home-missing', message: expect.stringContaining(home) }),
    );
  });

  it('is named in its mistakes', () => {
    const home = mkdtempSync(join(tmpdir(), 'sfp-cfg-'));
    homes.push(home);
    writeFileSync(join(home, 'sfp-server.yaml'), 'concurrency: 0\n');
    expect(() => readConfiguration(pathsOf(home))).toThrow(`${home}/sfp-server.yaml:1:14: `);
  });
});
