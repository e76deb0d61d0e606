import type { Readable } from 'node:stream';

/** What bubblewrap says on its status descriptor: one JSON document a line. */
export interface SandboxStatus {
  /** Of the first process inside, as it is called outside; null: there is none yet. */
  pid(): number | null;
  /** At its end: whether the program was started. */
  started(): Promise<boolean>;
}

export function readStatus(stream: Readable): SandboxStatus {
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const over = new Promise<void>((resolve) => stream.once('close', resolve).once('error', resolve));
  return {
    pid: () => numberOf(text, 'child-pid'),
    started: () => over.then(() => numberOf(text, 'exit-code') !== null),
  };
}

function numberOf(text: string, name: 'child-pid' | 'exit-code'): number | null {
  const found = new RegExp(`"${name}": (\\d+)`).exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
