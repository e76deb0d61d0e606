import { StringDecoder } from 'node:string_decoder';

const LINE_LIMIT = 2_000;
/** Per stream of one worker: what a chatty library prints must not fill the disk. */
const LINES_LIMIT = 2_000;

/**
 * What a worker printed, line by line, for its operation's log. Lines are cut, their number is limited, and what looks
 * like a credential is masked: printed text has not passed the worker's own redaction.
 */
export async function* outputLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let count = 0;
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split(/\r?\n/);
    rest = (lines.pop() ?? '').slice(0, LINE_LIMIT);
    for (const line of lines.filter((one) => one.trim() !== '')) {
      count += 1;
      if (count <= LINES_LIMIT) yield presentable(line);
      if (count === LINES_LIMIT) yield 'What the worker printed after this line was left out.';
    }
  }
  if (rest.trim() !== '' && count < LINES_LIMIT) yield presentable(rest);
}

const CREDENTIALS = [
  /\b00D[A-Za-z0-9]{12,15}![\w.]+/g, // session id
  /\bforce:\/\/\S+/g, // sfdx auth URL
  /\bBearer\s+[\w.~+/!-]+=*/g,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, // JWT
  /-----BEGIN [A-Z ]*PRIVATE KEY-----.*/g,
];

function presentable(line: string): string {
  const plain = line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
  return CREDENTIALS.reduce((text, pattern) => text.replace(pattern, '[hidden]'), plain).slice(0, LINE_LIMIT);
}
