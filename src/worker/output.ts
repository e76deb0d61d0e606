import { StringDecoder } from 'node:string_decoder';
import { createHoldBack } from './hold-back.ts';
import type { Redaction } from './redaction.ts';

/** A line that does not end is cut here, so that it fills no memory. */
const LINE_LIMIT_CHARACTERS = 64 * 1024;

type Write = (text: string) => boolean;

/** What a library prints is kept as log lines of the operation: it is redacted like everything else, line by line. */
export function redactOutput(own: NodeJS.Process, redaction: Redaction): void {
  for (const stream of [own.stdout, own.stderr]) {
    const write = stream.write.bind(stream) as Write;
    const lines = createLines(redaction, write);
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      lines.put(chunk);
      const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      if (done !== undefined) setImmediate(done);
      return true;
    }) as typeof stream.write;
    own.once('exit', lines.end);
  }
}

/** Chunks end anywhere; what is masked are lines, and a secret may go over several of them. */
export function createLines(redaction: Redaction, write: Write) {
  const decoder = new StringDecoder('utf8');
  const holdBack = createHoldBack(redaction);
  let begun = '';
  const line = (text: string): void => holdBack.put(text, (masked) => void write(`${masked}\n`));
  return {
    put(chunk: string | Uint8Array): void {
      begun += typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
      const whole = begun.split('\n');
      begun = whole.pop() ?? '';
      for (const one of whole) line(one);
      if (begun.length <= LINE_LIMIT_CHARACTERS) return;
      line(begun);
      begun = '';
    },
    end(): void {
      begun += decoder.end();
      if (begun !== '') holdBack.put(begun, (masked) => void write(masked));
      begun = '';
      holdBack.flush();
    },
  };
}
