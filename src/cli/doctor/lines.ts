import { styleText } from 'node:util';
import type { Check, CheckState } from './check.ts';

const COLOURS = { ok: 'green', warning: 'yellow', missing: 'red' } as const satisfies Record<
  CheckState,
  string
>;
/** Before what was found: the state and the name. */
const INDENT = '  '.length + 'warning  '.length + 'Processes  '.length;
const LEAST_WIDTH = 40;

/** One line for each, and below it how to mend it. */
export function checkLines(checks: readonly Check[], width: number): string {
  return checks.map((check) => linesOf(check, width)).join('\n');
}

function linesOf({ name, state, detail, mend }: Check, width: number): string {
  const head = `  ${styleText(COLOURS[state], state.padEnd('warning  '.length))}${name.padEnd('Processes  '.length)}`;
  const texts = [detail, ...(mend === '' ? [] : [`→ ${mend}`])];
  const lines = texts.flatMap((text) => wrap(text, Math.max(LEAST_WIDTH, width - INDENT)));
  return lines.map((line, index) => `${index === 0 ? head : ' '.repeat(INDENT)}${line}`).join('\n');
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
