import { styleText } from 'node:util';
import type { Hook } from '@oclif/core';
import { EXIT } from '../contract/errors.ts';

/** Says which command may have been meant; nothing is run in its place. */
export const commandNotFound: Hook.CommandNotFound = async function ({ id, config }) {
  const typed = id.replaceAll(':', ' ');
  const words = config.commandIDs.map((one) => one.replaceAll(':', ' '));
  const nearest = nearestWord(typed, words);
  const meant = nearest === null ? '' : ` Did you mean "${nearest}"?`;
  console.error(`${styleText('red', 'Error:')} "${typed}" is no command of ${config.bin}.${meant}`);
  console.error(`See: ${config.bin} --help`);
  this.exit(EXIT.usage);
};

/** The word that takes the fewest changes, where that is at most a third of it. */
export function nearestWord(typed: string, words: readonly string[]): string | null {
  const ranked = words
    .map((word) => ({ word, changes: changesBetween(typed, word) }))
    .filter(({ word, changes }) => changes <= Math.max(1, Math.floor(word.length / 3)))
    .toSorted((one, other) => one.changes - other.changes);
  return ranked[0]?.word ?? null;
}

/** Levenshtein's distance. */
function changesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1];
    for (const [column, match] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === match ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
