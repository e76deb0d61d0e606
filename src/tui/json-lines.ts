import type { Line } from './paint.ts';

const LIMIT_LINES = 40;

/** A value as JSON, and how much of it is left out. */
export function jsonLines(value: object): readonly Line[] {
  const lines = JSON.stringify(value, null, 2).split('\n');
  const left = lines.length - LIMIT_LINES;
  return [
    ...lines.slice(0, LIMIT_LINES).map((text): Line => [{ text: `  ${text}` }]),
    ...(left > 0 ? [[{ text: `  … and ${left} more lines, with --json`, look: 'dim' } as const]] : []),
  ];
}
