import { type Static, type TSchema, Type } from 'typebox';
import {
  CommandFields,
  type Field,
  INPUT_CHARACTERS,
  INPUT_ITEMS,
  InputName,
  ProgressPattern,
  Run,
  SecretPlace,
} from './command-declaration.ts';
import { SourceCode } from './source-code.ts';
import { Alias, JsonObject, Nullable, OneOf } from './values.ts';

const closed = { additionalProperties: false };
const Count = Type.Integer({ minimum: 0 });

/** A command with its preset and all defaults: what the server and the worker go by. */
export const Command = Type.Object({
  name: Alias,
  title: Type.String(),
  run: Run,
  input: CommandFields,
  mayBeOptions: Type.Array(InputName),
  org: Type.Boolean(),
  login: OneOf(['environment', 'sf'] as const),
  source: Type.Boolean(),
  lane: OneOf(['exclusive', 'shared'] as const),
  onWorkerLoss: OneOf(['retry', 'indeterminate'] as const),
  timeoutSeconds: Type.Integer(),
  maxAttempts: Type.Integer(),
  network: Type.Boolean(),
  env: Type.Record(Type.String(), Type.String()),
  secrets: Type.Record(Type.String(), SecretPlace),
  tools: Type.Array(Alias),
  progress: Type.Array(ProgressPattern),
  successExitCodes: Type.Array(Type.Integer()),
  artifacts: Type.Array(Type.String()),
});

/** A command as a worker is handed it: names became places. */
export const AssignedCommand = Type.Object({
  command: Command,
  secrets: Type.Array(
    Type.Object({ account: Type.String({ description: 'vault account' }), place: SecretPlace }),
  ),
  tools: Type.Array(Type.Object({ name: Alias, directory: Type.String() })),
  env: Type.Record(Type.String(), Type.String(), { description: 'what its tools need' }),
  artifacts: Nullable(Type.String({ description: 'directory for what is kept; null: nothing is' })),
});

export const CommandInput = Type.Object(
  { command: Alias, with: Type.Optional(JsonObject), source: Type.Optional(SourceCode) },
  closed,
);

export const Artifact = Type.Object({ name: Type.String(), bytes: Count, sha256: Type.String() });

export const CommandResult = Type.Object({
  command: Alias,
  exitCode: Type.Integer(),
  durationMs: Count,
  commitId: Nullable(Type.String({ description: 'the commit that a Git ref was pinned to' })),
  outputTail: Type.Array(Type.String(), { description: 'the last lines that it printed' }),
  artifacts: Type.Array(Artifact),
  artifactsLeftOut: Type.Optional(Type.Integer({ description: 'over a limit; left out: none' })),
});

/** JSON Schema of `with`, as it is checked and shown. */
export function withSchema({ properties, required = [] }: CommandFields): TSchema {
  const bounded = Object.entries(properties).map(([name, field]) => [name, boundedField(field)]);
  return {
    type: 'object',
    properties: Object.fromEntries(bounded),
    required: [...required],
    additionalProperties: false,
  } as unknown as TSchema;
}

/** The input of an operation that runs this command. */
export function inputSchema(command: Pick<Command, 'name' | 'input' | 'source'>): object {
  const { name, input, source } = command;
  const required = [
    'command',
    ...((input.required?.length ?? 0) > 0 ? ['with'] : []),
    ...(source ? ['source'] : []),
  ];
  return {
    type: 'object',
    properties: {
      command: { const: name },
      with: withSchema(input),
      ...(source ? { source: SourceCode } : {}),
    },
    required,
    additionalProperties: false,
  };
}

function boundedField(field: Field): object {
  if (field.type === 'string') return { maxLength: INPUT_CHARACTERS, ...field };
  if (field.type !== 'array') return field;
  const items = field.items ?? { type: 'string' as const };
  const text = items.type === 'string' ? { maxLength: INPUT_CHARACTERS, ...items } : items;
  return { maxItems: INPUT_ITEMS, ...field, items: text };
}

export type Command = Static<typeof Command>;
export type AssignedCommand = Static<typeof AssignedCommand>;
export type CommandInput = Static<typeof CommandInput>;
export type CommandResult = Static<typeof CommandResult>;
export type Artifact = Static<typeof Artifact>;
