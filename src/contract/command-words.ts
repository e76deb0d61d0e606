import type { Command } from './command.ts';
import type { Run } from './command-declaration.ts';
import { AppError } from './errors.ts';

/** A word of an argument list: text as it is, or one value behind a fixed beginning. */
export type WordForm =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string; readonly before: string };

type Scalar = string | number | boolean;
type Values = Readonly<Record<string, unknown>>;

const VALUE = /^(--?[A-Za-z][A-Za-z0-9-]*=)?\{\{\s*with\.([A-Za-z][A-Za-z0-9_]*)\s*\}\}$/;
/** Of one argument list, in characters; Linux takes 128 kB a word and some 2 MB in all. */
const WORD_LIMIT = 100_000;

/** Null: it holds a placeholder that is no whole word. */
export function parseWord(text: string): WordForm | null {
  const value = VALUE.exec(text);
  if (value !== null) return { kind: 'value', before: value[1] ?? '', name: value[2] ?? '' };
  return text.includes('{{') ? null : { kind: 'text', text };
}

/** The inputs that a part of an argument list needs before it can be filled. */
export function namesIn(words: readonly string[]): readonly string[] {
  return words.flatMap((text) => {
    const word = parseWord(text);
    return word?.kind === 'value' ? [word.name] : [];
  });
}

/**
 * The argument list with its values. A value is always (the end of) one word, whatever it holds, and no shell reads it; one that
 * begins with a dash is refused where it would stand alone, because the program would take it for an option.
 *
 * AppError invalid-input.
 */
export function fillWords(
  command: Pick<Command, 'name' | 'run' | 'input' | 'mayBeOptions'>,
  given: Values,
): readonly string[] {
  const values = { ...defaultsOf(command), ...given };
  const fill = (text: string, item: Scalar | null): string => {
    const word = parseWord(text);
    if (word === null) throw new AppError('invalid-input', `${command.name}: "${text}" is no word.`);
    if (word.kind === 'text') return word.text;
    const value = item ?? values[word.name];
    return word.before + checked(command, word, String(value));
  };
  return command.run.flatMap((part): readonly string[] => {
    if (typeof part === 'string') return [fill(part, null)];
    if (!Array.isArray(part))
      return values[part.when] === true ? part.words.map((word) => fill(word, null)) : [];
    return groupItems(part, values).flatMap((item) => part.map((word) => fill(word, item)));
  });
}

function defaultsOf({ input }: Pick<Command, 'input'>): Values {
  const fields = Object.entries(input.properties).filter(([, field]) => field.default !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, field.default]));
}

/** How often a group comes: once for each item of its list; once where its values are given; not at all where one is not. */
function groupItems(group: Extract<Run[number], string[]>, values: Values): readonly (Scalar | null)[] {
  const given = namesIn(group).map((name) => values[name]);
  if (given.some((value) => value === undefined)) return [];
  const list = given.find((value) => Array.isArray(value));
  return list === undefined ? [null] : (list as readonly Scalar[]);
}

function checked(
  command: Pick<Command, 'name' | 'mayBeOptions'>,
  word: Extract<WordForm, { kind: 'value' }>,
  value: string,
): string {
  const { name, before } = word;
  if (value.includes('\0')) throw new AppError('invalid-input', `with.${name} holds a zero character.`);
  if (value.length > WORD_LIMIT) {
    throw new AppError('invalid-input', `with.${name} has more than ${WORD_LIMIT} characters.`);
  }
  if (before === '' && value.startsWith('-') && !command.mayBeOptions.includes(name)) {
    throw new AppError(
      'invalid-input',
      `with.${name} begins with "-", and ${command.name} takes no options from it.`,
      {
        hint: `Give another value, or name it under mayBeOptions: of commands.${command.name} in sfp-server.yaml.`,
      },
    );
  }
  return value;
}
