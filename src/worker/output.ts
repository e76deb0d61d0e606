import type { Redaction } from './redaction.ts';

/** What a library prints is kept as log lines of the operation: it is redacted like everything else. */
export function redactOutput(own: NodeJS.Process, redaction: Redaction): void {
  for (const stream of [own.stdout, own.stderr]) {
    const write = stream.write.bind(stream) as (chunk: string, ...rest: unknown[]) => boolean;
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      return write(redaction.text(text), ...rest);
    }) as typeof stream.write;
  }
}
