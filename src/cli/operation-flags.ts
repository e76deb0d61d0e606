import { Args, Flags } from '@oclif/core';
import { Value } from 'typebox/value';
import { AppError } from '../contract/errors.ts';
import { OperationId } from '../contract/values.ts';

/** Said here, where it was typed, instead of by the server. */
async function parseId(text: string): Promise<string> {
  if (Value.Check(OperationId, text)) return text;
  throw new AppError('invalid-request', `"${text}" is no id of an operation.`, {
    hint: 'List them with: sfp-server operation list',
  });
}

export const operationArg = Args.string({
  description: 'Id of the operation: op_…',
  required: true,
  parse: parseId,
});

export const optionalOperationArg = Args.string({
  description: 'Id of the operation; without it, all of them.',
  parse: parseId,
});

export const waitFlag = Flags.integer({
  char: 'w',
  summary: 'Wait so many minutes at most; then exit with 69 while the operation goes on.',
  helpValue: 'MINUTES',
  min: 0,
});

export const orgFlag = Flags.string({ char: 'o', summary: 'Alias of the org.', helpValue: 'ALIAS' });

export const MINUTE_MS = 60_000;
