import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommandDeclaration } from '../../src/contract/command-declaration.ts';
import { fillWords } from '../../src/contract/command-words.ts';
import { declaredCommand } from '../../src/contract/declared-command.ts';

const TEXT = { type: 'string' } as const;
const fill = (declaration: CommandDeclaration, given: Record<string, unknown> = {}) =>
  fillWords(declaredCommand('deploy', declaration), given);

describe('the argument list of a command', () => {
  test('a value is one word, whatever it holds', () => {
    const declaration: CommandDeclaration = {
      run: ['echo', '{{ with.text }}', '--to={{ with.text }}'],
      input: { properties: { text: TEXT }, required: ['text'] },
    };
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.startsWith('-') && !text.includes('\0'));
        expect(fill(declaration, { text })).toEqual(['echo', text, `--to=${text}`]);
      }),
    );
    const nasty = '$(rm -rf /) `id` ; && | > "quoted" {{ with.other }}';
    expect(fill(declaration, { text: nasty })).toEqual(['echo', nasty, `--to=${nasty}`]);
  });

  test('a value that begins with a dash is no option, unless the declaration says so', () => {
    const run = ['git', 'log', '{{ with.ref }}'];
    const input = { properties: { ref: TEXT }, required: ['ref'] };
    expect(() => fill({ run, input }, { ref: '--output=/etc/passwd' })).toThrow('begins with "-"');
    expect(fill({ run, input, mayBeOptions: ['ref'] }, { ref: '--all' })).toEqual(['git', 'log', '--all']);
    expect(fill({ run: ['git', '--ref={{ with.ref }}'], input }, { ref: '-x' })).toEqual(['git', '--ref=-x']);
    expect(() => fill({ run, input }, { ref: 'a\0b' })).toThrow('zero character');
  });

  test('a list of words is left out without its value, and comes once for each item of a list', () => {
    const declaration: CommandDeclaration = {
      run: [
        'sf',
        ['--test-level', '{{ with.level }}'],
        ['--tests', '{{ with.tests }}'],
        { when: 'quiet', words: ['--quiet'] },
      ],
      input: { properties: { level: TEXT, tests: { type: 'array' }, quiet: { type: 'boolean' } } },
    };
    expect(fill(declaration)).toEqual(['sf']);
    expect(fill(declaration, { tests: [], quiet: false })).toEqual(['sf']);
    expect(fill(declaration, { level: 'RunLocalTests', tests: ['A', 'B C'], quiet: true })).toEqual([
      ...['sf', '--test-level', 'RunLocalTests', '--tests', 'A', '--tests', 'B C', '--quiet'],
    ]);
    expect(() => fill(declaration, { tests: ['A', '-x'] })).toThrow('with.tests begins with "-"');
  });

  test('numbers and booleans are written as they are, and a default stands for what is not given', () => {
    const declaration: CommandDeclaration = {
      run: ['wait', '{{ with.minutes }}', ['--force', '{{ with.force }}']],
      input: { properties: { minutes: { type: 'integer', default: 30 }, force: { type: 'boolean' } } },
    };
    expect(fill(declaration)).toEqual(['wait', '30']);
    expect(fill(declaration, { minutes: 5, force: false })).toEqual(['wait', '5', '--force', 'false']);
  });
});
