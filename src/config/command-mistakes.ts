import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { type Command, inputSchema, withSchema } from '../contract/command.ts';
import type { CommandDeclaration, Run } from '../contract/command-declaration.ts';
import { namesIn, parseWord } from '../contract/command-words.ts';
import type { Configuration } from '../contract/configuration.ts';
import { declaredCommand, findCommand } from '../contract/declared-command.ts';
import { describeMismatch } from '../contract/mismatch.ts';
import { suggestion } from './closest.ts';
import { environmentMistakes } from './command-environment-mistakes.ts';
import { undeclared } from './name-mistakes.ts';
import type { Mistake, Path } from './place.ts';

/** What a schema cannot see in a command: words that could never be filled, patterns that are none, tools that nobody declared. */
export function commandMistakes({ commands, tools }: Configuration): readonly Mistake[] {
  return Object.entries(commands).flatMap(([name, declaration]) => {
    const path = ['commands', name];
    const command = declaredCommand(name, declaration);
    return [
      ...runMistakes(command, declaration, path),
      ...inputMistakes(command, declaration, path),
      ...progressMistakes(declaration, path),
      ...environmentMistakes(command, declaration, path),
      ...loginMistakes(command, declaration, path),
      ...command.tools.flatMap((tool, index) =>
        declaration.tools === undefined
          ? presetTool(declaration, tool, Object.keys(tools), path)
          : undeclared(tool, [...path, 'tools', index], 'tools', Object.keys(tools)),
      ),
    ];
  });
}

/** A schedule that asks for what would be refused each time. */
export function usedCommandMistakes(
  { org, input = {} }: { readonly org?: string; readonly input?: Readonly<Record<string, unknown>> },
  path: Path,
  { commands }: Pick<Configuration, 'commands'>,
): readonly Mistake[] {
  const name = String(input['command'] ?? '');
  const command = findCommand(commands, name);
  if (command === null)
    return undeclared(name, [...path, 'input', 'command'], 'commands', Object.keys(commands));
  const schema = inputSchema(command) as TSchema;
  const mistakes: Mistake[] = [];
  if (command.org && org === undefined) {
    mistakes.push({ path, at: 'value', message: `the command ${name} works on an org: "org" is missing` });
  }
  if (!command.org && org !== undefined) {
    mistakes.push({ path: [...path, 'org'], at: 'value', message: `the command ${name} works in no org` });
  }
  if (!Value.Check(schema, input)) {
    const mismatch = describeMismatch([...Value.Errors(schema, input)], 'input');
    mistakes.push({ path: [...path, 'input'], at: 'value', message: `${name}: ${mismatch.slice(0, -1)}` });
  }
  return mistakes;
}

function loginMistakes({ org }: Command, { login }: CommandDeclaration, path: Path): readonly Mistake[] {
  if (org || login !== 'sf') return [];
  return [{ path: [...path, 'login'], at: 'value', message: '"login: sf" needs "org: true"' }];
}

function runMistakes(command: Command, declaration: CommandDeclaration, path: Path): readonly Mistake[] {
  const [program] = command.run;
  if (program === undefined) return [{ path, at: 'key', message: `"run" is missing in "${command.name}"` }];
  const at: Path = declaration.run === undefined ? path : [...path, 'run'];
  if (typeof program !== 'string' || parseWord(program)?.kind !== 'text') {
    return [
      {
        path: at,
        at: 'value',
        message: 'the first word of "run" is the program, and no value may choose it',
      },
    ];
  }
  return command.run.flatMap((part, index) => partMistakes(part, command, [...at, index]));
}

function partMistakes(part: Run[number], command: Command, path: Path): readonly Mistake[] {
  const words = typeof part === 'string' ? [part] : Array.isArray(part) ? part : part.words;
  const unread = words.filter((word) => parseWord(word) === null);
  if (unread.length > 0) {
    const message = `"${unread[0]}": a placeholder is a whole word, {{ with.NAME }} or --option={{ with.NAME }}`;
    return [{ path, at: 'value', message }];
  }
  const condition = typeof part === 'string' || Array.isArray(part) ? [] : [part.when];
  const unknown = [...namesIn(words), ...condition].filter(
    (name) => !Object.hasOwn(command.input.properties, name),
  );
  if (unknown.length > 0) return unknown.map((name) => unknownInput(name, command, path));
  return [
    ...condition.flatMap((name) => conditionMistakes(name, command, path)),
    ...(Array.isArray(part) ? groupMistakes(part, command, path) : loneMistakes(words, command, path)),
  ];
}

function unknownInput(name: string, { input }: Command, path: Path): Mistake {
  const message = `"with.${name}" is not declared under input.properties${suggestion(name, Object.keys(input.properties))}`;
  return { path, at: 'value', message };
}

function conditionMistakes(name: string, { input }: Command, path: Path): readonly Mistake[] {
  if (input.properties[name]?.type === 'boolean') return [];
  return [{ path, at: 'value', message: `"when" asks for a boolean, and "${name}" is none` }];
}

/** Outside a list of its own a word is always there, once. */
function loneMistakes(words: readonly string[], { input }: Command, path: Path): readonly Mistake[] {
  return namesIn(words).flatMap((name): readonly Mistake[] => {
    const field = input.properties[name];
    if (field?.type === 'array') {
      const message = `"with.${name}" is a list: put it into a list of its own, which comes once for each item`;
      return [{ path, at: 'value', message }];
    }
    if (field?.default !== undefined || input.required?.includes(name)) return [];
    const message = `"with.${name}" may be left out: put it into a list of its own with its option, or under "required"`;
    return [{ path, at: 'value', message }];
  });
}

function groupMistakes(words: readonly string[], { input }: Command, path: Path): readonly Mistake[] {
  const lists = new Set(namesIn(words).filter((name) => input.properties[name]?.type === 'array'));
  if (lists.size === 0 || namesIn(words).length === 1) return [];
  return [
    {
      path,
      at: 'value',
      message: 'a list of words that comes once for each item holds no second placeholder',
    },
  ];
}

function inputMistakes(command: Command, declaration: CommandDeclaration, path: Path): readonly Mistake[] {
  const { input, mayBeOptions = [] } = declaration;
  const names = Object.keys(command.input.properties);
  const strangers = (given: readonly string[], at: Path): readonly Mistake[] =>
    given.flatMap((name, index) =>
      names.includes(name) ? [] : [{ ...unknownInput(name, command, [...at, index]) }],
    );
  return [
    ...strangers(input?.required ?? [], [...path, 'input', 'required']),
    ...strangers(mayBeOptions, [...path, 'mayBeOptions']),
    ...Object.entries(input?.properties ?? {}).flatMap(([name, field]): readonly Mistake[] => {
      const at = [...path, 'input', 'properties', name];
      const wrong = [
        ...patternMistakes(field.pattern, [...at, 'pattern']),
        ...patternMistakes(field.items?.pattern, [...at, 'items', 'pattern']),
      ];
      if (wrong.length > 0 || field.default === undefined) return wrong;
      const schema = withSchema({ properties: { [name]: field } });
      if (Value.Check(schema, { [name]: field.default })) return [];
      return [
        { path: [...at, 'default'], at: 'value', message: 'the default does not fit its own description' },
      ];
    }),
  ];
}

function progressMistakes({ progress = [] }: CommandDeclaration, path: Path): readonly Mistake[] {
  return progress.flatMap(({ pattern }, index) => {
    const at = [...path, 'progress', index, 'pattern'];
    const wrong = patternMistakes(pattern, at);
    if (wrong.length > 0 || pattern.includes('(?<done>')) return wrong;
    return [{ path: at, at: 'value' as const, message: 'the pattern needs a group (?<done>\\d+)' }];
  });
}

function patternMistakes(pattern: string | undefined, path: Path): readonly Mistake[] {
  if (pattern === undefined) return [];
  try {
    new RegExp(pattern, 'u');
    return [];
  } catch (error) {
    return [{ path, at: 'value', message: (error as Error).message }];
  }
}

function presetTool(
  { preset }: CommandDeclaration,
  tool: string,
  declared: readonly string[],
  path: Path,
): readonly Mistake[] {
  if (declared.includes(tool)) return [];
  const message = `the preset ${preset} needs the tool "${tool}", which is not declared under tools:`;
  return [{ path: [...path, 'preset'], at: 'value', message }];
}
