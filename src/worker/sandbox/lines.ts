import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export type OnLine = (line: string) => void | Promise<void>;

export interface LineOptions {
  /** Of a longer line only the beginning is kept, so that a line without an end takes no memory. */
  readonly lineCharacters: number;
  /** Counts what is read. False: it is not handed over any more, only read away, so that the program can end. */
  readonly take: (bytes: number) => boolean;
  /** Awaited: who cannot follow slows the program down. */
  readonly onLine: OnLine;
}

/** Hands a stream over line by line, until its end. */
export async function readLines(
  stream: Readable,
  { lineCharacters, take, onLine }: LineOptions,
): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  let leftOut = 0;

  const add = (text: string): void => {
    const kept = text.slice(0, Math.max(0, lineCharacters - line.length));
    line += kept;
    leftOut += text.length - kept.length;
  };
  const end = async (): Promise<void> => {
    const whole = leftOut === 0 ? line.replace(/\r$/, '') : `${line}… (${leftOut} more characters)`;
    line = '';
    leftOut = 0;
    await onLine(whole);
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (!take(chunk.length)) continue;
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    add(first);
    for (const other of others) {
      await end();
      add(other);
    }
  }
  add(decoder.end());
  if (line !== '') await end();
}
