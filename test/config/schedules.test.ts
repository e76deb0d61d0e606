import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/file.ts';

const HEAD = ['orgs:', '  uat: {}', 'repos:', '  crm: { url: https://example.com/crm.git }', 'schedules:'];

function withSchedule(lines: Readonly<Record<string, string>>): string {
  const all = { cron: '"0 2 * * *"', task: 'salesforce.identity', org: 'uat', ...lines };
  return [...HEAD, '  nightly:', ...Object.entries(all).map(([key, value]) => `    ${key}: ${value}`)].join(
    '\n',
  );
}

function mistakesOf(text: string): string {
  try {
    parseConfiguration(text, 'f');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
}

it('a whole schedule is taken as it is', () => {
  const input = '{ checkOnly: true, source: { git: { repo: crm, ref: main } } }';
  const text = withSchedule({
    timeZone: 'Europe/Berlin',
    overlap: 'queue',
    catchUp: 'once',
    task: 'salesforce.deploy',
    input,
    priority: 'batch',
    onWorkerLoss: 'indeterminate',
    labels: '{ kind: nightly }',
  });
  expect(parseConfiguration(text, 'f').schedules['nightly']).toEqual({
    cron: '0 2 * * *',
    timeZone: 'Europe/Berlin',
    overlap: 'queue',
    catchUp: 'once',
    task: 'salesforce.deploy',
    org: 'uat',
    input: { checkOnly: true, source: { git: { repo: 'crm', ref: 'main' } } },
    priority: 'batch',
    onWorkerLoss: 'indeterminate',
    labels: { kind: 'nightly' },
  });
});

describe('a schedule is refused at its place', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['whose cron is none', { cron: 'soon' }, 'f:7:11: "soon" is no cron expression'],
    ['whose cron never comes', { cron: '"0 0 31 2 *"' }, 'f:7:11: "0 0 31 2 *" never comes'],
    [
      'whose time zone is unknown',
      { timeZone: 'Europe/Berln' },
      'f:10:15: unknown time zone "Europe/Berln"; did you mean "Europe/Berlin"?',
    ],
    [
      'whose task is unknown',
      { task: 'salesforce.qery', input: '{}' },
      'f:8:11: unknown task "salesforce.qery"; did you mean "salesforce.query"?',
    ],
    [
      'whose org is not declared',
      { org: 'uta' },
      'f:9:10: "uta" is not declared under orgs:; did you mean "uat"?',
    ],
    [
      'whose repository is not declared',
      { task: 'salesforce.deploy', input: '{ source: { git: { repo: erp, ref: main } } }' },
      'f:10:37: "erp" is not declared under repos:',
    ],
    [
      'whose input is that of another task',
      { input: '{ soql: x }' },
      'f:10:12: salesforce.identity: input.soql',
    ],
    ['that misses its input', { task: 'salesforce.query' }, 'salesforce.query: input.soql is required'],
    [
      'that would send twice what its task sends once',
      {
        task: 'salesforce.deploy',
        input: '{ source: { git: { repo: crm, ref: main } } }',
        onWorkerLoss: 'retry',
      },
      'f:11:19: retry could send an effect of salesforce.deploy a second time, whose own policy is resume',
    ],
    ['with an unknown policy', { catchUp: 'all' }, 'f:10:14: "catchUp" must be one of skip, once'],
    ['with an unknown key', { zone: 'UTC' }, 'f:10:5: unknown key "zone"'],
  ])('%s', (_case, lines, mistake) => {
    expect(mistakesOf(withSchedule(lines))).toContain(mistake);
  });

  it('that names no org for a task that works on one', () => {
    const text = [...HEAD, '  nightly: { cron: "@daily", task: salesforce.identity }'].join('\n');
    expect(mistakesOf(text)).toBe('f:6:12: the task salesforce.identity works on an org: "org" is missing');
  });
});
