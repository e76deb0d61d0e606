import type { Command } from './command.ts';
import type { CommandDeclaration } from './command-declaration.ts';
import { PRESETS } from './presets.ts';

/** What a declaration and its preset leave out. A command that may have changed something is not run again by itself. */
const DEFAULTS = {
  run: [],
  input: { properties: {} },
  mayBeOptions: [],
  org: false,
  login: 'environment',
  source: false,
  onWorkerLoss: 'indeterminate',
  timeoutSeconds: 3_600,
  maxAttempts: 1,
  secrets: {},
  tools: [],
  progress: [],
  successExitCodes: [0],
  artifacts: [],
} as const satisfies Partial<CommandDeclaration>;

/** The declaration over its preset over the defaults; environment variables and secrets are added to those of the preset. */
export function declaredCommand(name: string, declaration: CommandDeclaration): Command {
  const { preset, ...own } = declaration;
  const base: CommandDeclaration = preset === undefined ? {} : PRESETS[preset];
  const merged = { ...DEFAULTS, ...base, ...own };
  return {
    ...structuredClone(merged),
    name,
    title: own.title ?? base.title ?? name,
    lane: merged.lane ?? (merged.org ? 'exclusive' : 'shared'),
    network: merged.network ?? merged.org,
    env: { ...base.env, ...own.env },
    secrets: { ...base.secrets, ...own.secrets },
  } as Command;
}

/** Null: no such command is declared. */
export function findCommand(
  commands: Readonly<Record<string, CommandDeclaration>>,
  name: string,
): Command | null {
  const declaration = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return declaration === undefined ? null : declaredCommand(name, declaration);
}
