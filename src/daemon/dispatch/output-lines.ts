import { StringDecoder } from 'node:string_decoder';
import { cutText, KEPT_OF_PRINTED } from '../../contract/limits.ts';
import { maskShapes } from '../../contract/secret-shapes.ts';

/**
 * What a worker printed, line by line, for its operation's log: what a chatty library prints must not fill the disk. Lines are
 * cut, their number is limited, and what looks like a credential is masked: printed text has not passed the worker's own redaction.
 */
export async function* outputLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest: Line = { text: '', dropped: 0 };
  let count = 0;
  for await (const chunk of stream) {
    const [first = '', ...others] = decoder.write(chunk).split(/\r?\n/);
    const lines = [joined(rest, first), ...others.map((text) => joined(NOTHING, text))];
    rest = lines.pop() ?? NOTHING;
    for (const line of lines.filter(({ text }) => text.trim() !== '')) {
      count += 1;
      if (count <= KEPT_OF_PRINTED.lines) yield presentable(line);
      if (count === KEPT_OF_PRINTED.lines) yield 'What the worker printed after this line was left out.';
    }
  }
  if (rest.text.trim() !== '') count += 1;
  if (rest.text.trim() !== '' && count <= KEPT_OF_PRINTED.lines) yield presentable(rest);
  const left = count - KEPT_OF_PRINTED.lines;
  if (left > 0) yield `The worker printed ${left} more lines.`;
}

interface Line {
  readonly text: string;
  /** Characters behind the text that nobody remembers. */
  readonly dropped: number;
}

const NOTHING: Line = { text: '', dropped: 0 };

function joined(rest: Line, more: string): Line {
  const text = rest.text + more;
  const kept = text.slice(0, KEPT_OF_PRINTED.characters);
  return { text: kept, dropped: rest.dropped + text.length - kept.length };
}

function presentable({ text, dropped }: Line): string {
  const plain = text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
  return cutText(maskShapes(plain), KEPT_OF_PRINTED.characters, dropped);
}
