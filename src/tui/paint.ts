import { styleText } from 'node:util';
import type { Tone } from './theme.ts';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
  readonly look?: 'bold' | 'dim';
}
export type Line = readonly Span[];

/** Whether the terminal of `stream` shows colours, and its user wants them. */
export function showsColours(stream: NodeJS.WriteStream = process.stdout): boolean {
  return styleText('red', 'x', { stream }) !== 'x';
}

/** Lines as text; colours only where the terminal of `stream` shows them (`styleText` heeds NO_COLOR). */
export function paint(lines: readonly Line[], stream: NodeJS.WriteStream = process.stdout): string {
  return lines.map((line) => line.map((span) => paintSpan(span, stream)).join('')).join('\n');
}

function paintSpan({ text, tone, look }: Span, stream: NodeJS.WriteStream): string {
  const formats = [...(tone ? [tone] : []), ...(look ? [look] : [])];
  return formats.length === 0 ? text : styleText(formats, text, { stream });
}
