import { join } from 'node:path';
import { Value } from 'typebox/value';
import { isInstalled, pluginVariables, toolDirectory } from '../../config/tool-place.ts';
import { type AssignedCommand, type Command, type CommandInput, withSchema } from '../../contract/command.ts';
import type { Tool } from '../../contract/command-declaration.ts';
import { fillWords } from '../../contract/command-words.ts';
import { findCommand } from '../../contract/declared-command.ts';
import { AppError } from '../../contract/errors.ts';
import { describeMismatch } from '../../contract/mismatch.ts';
import { secretAccount } from '../../contract/org.ts';
import type { LossPolicy } from '../../contract/tasks.ts';
import type { OperationParts } from './parts.ts';

type Parts = Pick<OperationParts, 'configuration' | 'paths'>;

/**
 * The declared command that an input names, once the input fits it and its tools are there. Done when an operation is accepted,
 * so that a mistake is heard at once, and again when it is assigned, because the configuration may have changed in between.
 *
 * AppError unknown-command, invalid-input, tool-missing.
 */
export function resolveCommand(parts: Parts, input: CommandInput): Command {
  const command = findCommand(parts.configuration().commands, input.command);
  if (command === null) throw new AppError('unknown-command', `No command "${input.command}" is declared.`);
  checkWith(command, input.with ?? {});
  checkSource(command, input);
  for (const name of command.tools) requireTool(parts, command, name);
  return command;
}

/** The same with places for its names; account names come from the operation's tenant, never from its input. */
export function assignCommand(
  parts: Parts,
  operation: {
    readonly id: string;
    readonly tenant: string;
    readonly input: CommandInput;
    readonly onWorkerLoss: LossPolicy | null;
  },
): AssignedCommand {
  const command = resolveCommand(parts, operation.input);
  // As it was declared when the operation was accepted, or more careful.
  const onWorkerLoss = operation.onWorkerLoss === 'retry' ? 'retry' : 'indeterminate';
  const tools = command.tools.map((name) => ({ name, ...requireTool(parts, command, name) }));
  return {
    command: { ...command, onWorkerLoss },
    secrets: Object.entries(command.secrets).map(([name, place]) => ({
      account: secretAccount(operation.tenant, name),
      place,
    })),
    tools: tools.map(({ name, directory }) => ({ name, directory })),
    env: Object.assign(
      {},
      ...tools.map(({ name, directory, tool }) => pluginVariables(directory, name, tool)),
    ),
    artifacts: command.artifacts.length === 0 ? null : join(parts.paths.artifacts, operation.id),
  };
}

function checkWith(command: Command, given: Record<string, unknown>): void {
  const schema = withSchema(command.input);
  if (!Value.Check(schema, given)) {
    throw new AppError('invalid-input', describeMismatch(Value.Errors(schema, given), 'input.with'), {
      hint: `See what ${command.name} takes: GET /api/v1/tasks.`,
    });
  }
  fillWords(command, given);
}

function checkSource({ name, source }: Command, input: CommandInput): void {
  if (source === (input.source !== undefined)) return;
  const message = source
    ? `${name} works on source code: input.source is required.`
    : `${name} takes no source code.`;
  throw new AppError('invalid-input', message);
}

function requireTool(
  { configuration, paths }: Parts,
  command: Command,
  name: string,
): { readonly directory: string; readonly tool: Tool } {
  const { tools } = configuration();
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool !== undefined && isInstalled(paths, tool)) return { directory: toolDirectory(paths, tool), tool };
  throw new AppError('tool-missing', `The tool ${name} of the command ${command.name} is not installed.`);
}
