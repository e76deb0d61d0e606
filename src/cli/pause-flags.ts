import { Args, Flags } from '@oclif/core';

export const aliasArg = Args.string({ description: 'Alias of the org.', required: true });

export const reasonFlag = Flags.string({
  summary: 'Why; shown to everybody whose work waits.',
  helpValue: 'TEXT',
});
