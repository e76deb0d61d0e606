import { fileURLToPath } from 'node:url';
import { Config } from '@oclif/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { nearestWord } from '../../src/cli/command-not-found.ts';
import { SECTIONS, ServerHelp } from '../../src/cli/help.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let config: Config;

class RecordedHelp extends ServerHelp {
  readonly said: string[] = [];

  protected override log(...words: string[]): void {
    this.said.push(words.join(' '));
  }
}

beforeAll(async () => {
  config = await Config.load({ root: ROOT });
});

describe('the help', () => {
  test('gives every command its place, and names none that does not exist', () => {
    const placed = SECTIONS.flatMap(({ commands }) => commands);
    const visible = config.commands.filter((command) => !command.hidden).map((command) => command.id);
    expect(placed.toSorted()).toEqual(visible.toSorted());
  });

  test('shows all of them in their order, with what they do', async () => {
    const help = new RecordedHelp(config, { stripAnsi: true });
    await help.showHelp([]);
    const text = help.said.join('\n');
    const places = ['SERVER', 'start', 'ORGS AND SECRETS', 'WORK', 'enqueue', 'operation retry'].map((word) =>
      text.indexOf(`${word}`),
    );
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(text).toContain('Have work done, and watch it.');
  });

  test('every command says what it does in one line, and shows an example', () => {
    for (const command of config.commands) {
      expect(command.summary, command.id).toMatch(/^\S.*\.$/);
      expect(command.examples?.length, command.id).toBeGreaterThan(0);
    }
  });
});

describe('a mistyped command', () => {
  const words = ['enqueue', 'tail', 'operation list', 'operation show'];

  test.each([
    ['enqeue', 'enqueue'],
    ['tial', null],
    ['tai', 'tail'],
    ['operation lst', 'operation list'],
    ['completely else', null],
  ])('%s may have meant %s', (typed, meant) => expect(nearestWord(typed, words)).toBe(meant));
});
