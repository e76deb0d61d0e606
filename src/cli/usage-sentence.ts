import { stripVTControlCharacters } from 'node:util';

/** What oclif says of words that it does not understand, as one sentence; its own hints are left out, because ours follows. */
export function usageSentence(message: string): string {
  const text = stripVTControlCharacters(message)
    .replace(/\n?See more help with --help\s*$/, '')
    .replace(/\n\nNote: --[\s\S]*$/, '');
  return `${(missingArguments(text) ?? severalErrors(text)).replaceAll(/\s*\n\s*/g, ' ').replace(/[.:\s]*$/, '')}.`;
}

/** oclif lists them below each other, each with its description. */
function missingArguments(text: string): string | null {
  const [, list] = /^Missing \d+ required args?:\n([\s\S]+)$/.exec(text) ?? [];
  if (list === undefined) return null;
  const names = list.split('\n').flatMap((line) => /^\S+/.exec(line.trimEnd())?.[0].toUpperCase() ?? []);
  return `Something is missing: ${names.join(', ')}`;
}

function severalErrors(text: string): string {
  const [, list] = /^The following errors? occurred:\s*([\s\S]+)$/.exec(text) ?? [];
  if (list === undefined) return text;
  return list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ');
}
