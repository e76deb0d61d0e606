import { describe, expect, test } from 'vitest';
import { parseConfiguration } from '../../src/config/file.ts';
import { declaredCommand } from '../../src/contract/declared-command.ts';
import { PRESET_NAMES } from '../../src/contract/preset-names.ts';

const TOOLS = `tools:
  sf: { npm: "@salesforce/cli@2.150.6" }
  sfp: { npm: "@flxbl-io/sfp@39.2.2" }
`;

function mistakes(text: string): readonly string[] {
  try {
    parseConfiguration(text, 'sfp-server.yaml');
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace('sfp-server.yaml:', ''));
  }
}

describe('commands in sfp-server.yaml', () => {
  test('a command has careful defaults: no org, no network, not run again by itself', () => {
    const { commands } = parseConfiguration('commands: { hello: { run: [echo, hello] } }', 'f');
    expect(declaredCommand('hello', commands['hello'] ?? {})).toMatchObject({
      title: 'hello',
      run: ['echo', 'hello'],
      org: false,
      network: false,
      lane: 'shared',
      onWorkerLoss: 'indeterminate',
      timeoutSeconds: 3_600,
      maxAttempts: 1,
      successExitCodes: [0],
    });
  });

  test('one that works in an org has the network and is alone in its lane', () => {
    const { commands } = parseConfiguration('commands: { load: { run: [load], org: true } }', 'f');
    expect(declaredCommand('load', commands['load'] ?? {})).toMatchObject({
      lane: 'exclusive',
      network: true,
    });
  });

  test('a declaration goes over its preset, and adds to its environment', () => {
    const text = `${TOOLS}commands: { check: { preset: sf.validate, timeoutSeconds: 60, env: { A: b } } }`;
    const { commands } = parseConfiguration(text, 'f');
    expect(declaredCommand('check', commands['check'] ?? {})).toMatchObject({
      org: true,
      login: 'sf',
      timeoutSeconds: 60,
      onWorkerLoss: 'retry',
      env: { A: 'b', SF_CONTAINER_MODE: 'true' },
      tools: ['sf'],
    });
  });

  test('every preset is without a mistake', () => {
    const all = PRESET_NAMES.map((preset) => {
      const run = preset.includes('.') ? '' : ', run: [sf, org, display]';
      return `  c-${preset}: { preset: ${preset}${run} }`;
    });
    expect(mistakes(`${TOOLS}commands:\n${all.join('\n')}\n`)).toEqual([]);
  });

  test.each([
    [
      'commands: { a: { run: [env], env: { PATH: /tmp } } }',
      '1:43: the server itself sets PATH; choose another name',
    ],
    [
      'commands: { a: { run: [env], secrets: { s: { env: HOME } } } }',
      '1:51: the server itself sets HOME; choose another name',
    ],
    [
      'commands: { a: { run: [env], org: true, env: { SF_ACCESS_TOKEN: x } } }',
      '1:65: the server itself sets SF_ACCESS_TOKEN; choose another name',
    ],
    ['commands: { a: { run: [sf], login: sf } }', '1:36: "login: sf" needs "org: true"'],
    ['commands: { a: { } }', '1:13: "run" is missing in "a"'],
    [
      'commands: { a: { run: ["{{ with.x }}"], input: { properties: { x: { type: string } } } } }',
      '1:23: the first word of "run" is the program, and no value may choose it',
    ],
    [
      'commands: { a: { run: [echo, "x{{ with.x }}"] } }',
      '1:30: "x{{ with.x }}": a placeholder is a whole word, {{ with.NAME }} or --option={{ with.NAME }}',
    ],
    [
      'commands: { a: { run: [echo, "{{ with.brnach }}"], input: { properties: { branch: { type: string } } } } }',
      '1:30: "with.brnach" is not declared under input.properties; did you mean "branch"?',
    ],
    [
      'commands: { a: { run: [echo, "{{ with.x }}"], input: { properties: { x: { type: string } } } } }',
      '1:30: "with.x" may be left out: put it into a list of its own with its option, or under "required"',
    ],
    [
      'commands: { a: { run: [echo, "{{ with.x }}"], input: { properties: { x: { type: array } } } } }',
      '1:30: "with.x" is a list: put it into a list of its own, which comes once for each item',
    ],
    [
      'commands: { a: { run: [echo, { when: x, words: [y] }], input: { properties: { x: { type: string } } } } }',
      '1:30: "when" asks for a boolean, and "x" is none',
    ],
    [
      'commands: { a: { run: [echo], input: { properties: { x: { type: string, pattern: "(" } } } } }',
      /1:82: Invalid regular expression/,
    ],
    [
      'commands: { a: { run: [echo], input: { properties: { x: { type: integer, default: many } } } } }',
      '1:83: the default does not fit its own description',
    ],
    [
      'commands: { a: { run: [echo], progress: [{ pattern: "half" }] } }',
      '1:53: the pattern needs a group (?<done>\\d+)',
    ],
    ['commands: { a: { run: [echo], tools: [sf] } }', '1:39: "sf" is not declared under tools:'],
    [
      'commands: { a: { preset: sf.deploy } }',
      '1:26: the preset sf.deploy needs the tool "sf", which is not declared under tools:',
    ],
    [
      'commands: { a: { run: [echo], artifacts: ["../secrets"] } }',
      /1:43: entry 1 of "artifacts" must match/,
    ],
    ['tools: { sf: { npm: "@salesforce/cli" } }', /1:21: "npm" must match/],
    [
      'schedules: { s: { cron: "0 0 * * *", task: command, input: { command: a } } }',
      '1:71: "a" is not declared under commands:',
    ],
    [
      'commands: { a: { run: [echo], org: true } }\nschedules: { s: { cron: "0 0 * * *", task: command, input: { command: a } } }',
      '2:17: the command a works on an org: "org" is missing',
    ],
    [
      'commands: { a: { run: [echo] } }\nschedules: { s: { cron: "0 0 * * *", task: command, input: { command: a, with: { x: 1 } } } }',
      '2:60: a: input.with.x is not a known field',
    ],
  ])('%s', (text, message) => {
    expect(mistakes(text)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
  });
});
