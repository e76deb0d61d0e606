import { Args, Flags } from '@oclif/core';

export const operationArg = Args.string({
  name: 'operation',
  description: 'Id of the operation: op_…',
  required: true,
});

export const waitFlag = Flags.integer({
  char: 'w',
  summary: 'Wait so many minutes at most; then exit with 69 while the operation goes on.',
  helpValue: 'MINUTES',
  min: 0,
});

export const orgFlag = Flags.string({ char: 'o', summary: 'Alias of the org.', helpValue: 'ALIAS' });

export const MINUTE_MS = 60_000;
