import { type Static, type TSchema, Type } from 'typebox';
import { PRESET_NAMES } from './preset-names.ts';
import { Alias, OneOf, SecretName } from './values.ts';

const closed = { additionalProperties: false };
const Count = Type.Integer({ minimum: 0 });

/** A placeholder names one of these. */
export const InputName = Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$' });
const VariableName = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' });
/** Of a file below a directory that is named elsewhere. */
const RelativePath = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '^(?!/)(?!.*(^|/)\\.\\.(/|$)).+$',
});

/** What people may hand to a command, unless its declaration allows more or less. */
export const INPUT_CHARACTERS = 1_000;
export const INPUT_ITEMS = 100;

/** The same schema, said in words where people read of it. */
function described<T extends TSchema>(schema: T, description: string): T {
  return { ...schema, description };
}

const Word = Type.String({ minLength: 1, maxLength: 4_000 });

/**
 * The argument list. A word is text, or one placeholder `{{ with.NAME }}`, before which `--option=` may stand. Words in a list of
 * their own are left out together where a value is not given, and come once for each item of a list. `when`: words that are
 * there when a boolean is true.
 */
export const Run = Type.Array(
  Type.Union([
    Word,
    Type.Array(Word, { minItems: 1, maxItems: 20 }),
    Type.Object({ when: InputName, words: Type.Array(Word, { minItems: 1, maxItems: 20 }) }, closed),
  ]),
  { minItems: 1, maxItems: 200 },
);

const Text = {
  pattern: Type.Optional(Type.String({ maxLength: 500, description: 'a regular expression of JavaScript' })),
  minLength: Type.Optional(Count),
  maxLength: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  enum: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Number()]), { minItems: 1, maxItems: 200 })),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
};

export const Field = Type.Object(
  {
    type: OneOf(['string', 'integer', 'number', 'boolean', 'array'] as const),
    description: Type.Optional(Type.String({ maxLength: 500 })),
    default: Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Boolean()])),
    items: Type.Optional(
      Type.Object({ type: OneOf(['string', 'integer', 'number'] as const), ...Text }, closed),
    ),
    minItems: Type.Optional(Count),
    maxItems: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    ...Text,
  },
  closed,
);

/** The part of JSON Schema that describes a flat object; more than is named is refused. */
export const CommandFields = Type.Object(
  {
    properties: Type.Record(InputName, Field, closed),
    required: Type.Optional(Type.Array(InputName, { maxItems: 100 })),
  },
  closed,
);

/** How far a program has come: groups named `done`, `total` and `message` of a line that it prints. */
export const ProgressPattern = Type.Object(
  {
    pattern: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'of a line, with groups done, total and message',
    }),
    unit: Type.Optional(Type.String({ maxLength: 32, description: 'what is counted' })),
  },
  closed,
);

export const SecretPlace = Type.Union([
  Type.Object({ env: VariableName }, closed),
  Type.Object(
    { file: Type.Unsafe<string>({ ...RelativePath, description: 'below the HOME of the command' }) },
    closed,
  ),
]);

/** One entry of `commands:`. What it leaves out is its preset's, and then a default. */
export const CommandDeclaration = Type.Object(
  {
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'default: its name' })),
    preset: Type.Optional(
      OneOf(PRESET_NAMES, { description: 'what it is like; docs/tasks/command.md lists them' }),
    ),
    run: Type.Optional(described(Run, 'its argument list; {{ with.NAME }} is a value')),
    input: Type.Optional(described(CommandFields, 'what a request gives as with')),
    mayBeOptions: Type.Optional(
      Type.Array(InputName, { maxItems: 100, description: 'inputs whose values may begin with -' }),
    ),
    org: Type.Optional(Type.Boolean({ description: 'works in the org of the operation' })),
    login: Type.Optional(
      OneOf(['environment', 'sf'] as const, { description: 'how it gets the session; default: environment' }),
    ),
    source: Type.Optional(Type.Boolean({ description: 'works on source code' })),
    lane: Type.Optional(
      OneOf(['exclusive', 'shared'] as const, { description: 'in its org; default: exclusive' }),
    ),
    onWorkerLoss: Type.Optional(
      OneOf(['retry', 'indeterminate'] as const, {
        description: 'retry: it may be done twice; default: indeterminate',
      }),
    ),
    timeoutSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 604_800, description: 'of one attempt; default: 3600' }),
    ),
    maxAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, description: 'default: 1' })),
    network: Type.Optional(Type.Boolean({ description: 'default: where it works in an org' })),
    env: Type.Optional(
      Type.Record(VariableName, Type.String({ maxLength: 4_000 }), {
        ...closed,
        description: 'environment variables',
      }),
    ),
    secrets: Type.Optional(
      Type.Record(SecretName, SecretPlace, { ...closed, description: 'of the vault, and where they go' }),
    ),
    tools: Type.Optional(Type.Array(Alias, { maxItems: 20, description: 'of tools:, on its PATH' })),
    progress: Type.Optional(
      Type.Array(ProgressPattern, { maxItems: 20, description: 'lines that say how far it is' }),
    ),
    successExitCodes: Type.Optional(
      Type.Array(Type.Integer({ minimum: 0, maximum: 255 }), {
        minItems: 1,
        maxItems: 256,
        description: 'default: 0 alone',
      }),
    ),
    artifacts: Type.Optional(
      Type.Array(RelativePath, { maxItems: 50, description: 'globs of files to keep' }),
    ),
  },
  closed,
);

export const Commands = Type.Record(Alias, CommandDeclaration, closed);

/** A program that commands may use: an npm package in exactly one version, with plugins of it. */
const PinnedPackage = Type.String({
  maxLength: 250,
  pattern: '^(@[a-z0-9._~-]+/)?[a-z0-9._~-]+@\\d+\\.\\d+\\.\\d+[A-Za-z0-9.+-]*$',
  description: 'package in exactly one version: NAME@VERSION',
});

export const Tool = Type.Object(
  {
    npm: PinnedPackage,
    plugins: Type.Optional(Type.Array(PinnedPackage, { maxItems: 50, description: 'in exact versions too' })),
    registry: Type.Optional(
      Type.String({ pattern: '^https?://', maxLength: 500, description: "default: npm's own" }),
    ),
    scripts: Type.Optional(Type.Boolean({ description: 'runs the install scripts of its packages' })),
  },
  closed,
);

export const Tools = Type.Record(Alias, Tool, closed);

export type Run = Static<typeof Run>;
export type Field = Static<typeof Field>;
export type CommandFields = Static<typeof CommandFields>;
export type CommandDeclaration = Static<typeof CommandDeclaration>;
export type SecretPlace = Static<typeof SecretPlace>;
export type ProgressPattern = Static<typeof ProgressPattern>;
export type Tool = Static<typeof Tool>;
