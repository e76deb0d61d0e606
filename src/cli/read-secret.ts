import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { AppError } from '../contract/errors.ts';
import { unreadable } from './unreadable.ts';

const SECRET_LIMIT_BYTES = 64 * 1024;

/**
 * A secret from a file or from standard input, where a person is asked without an echo; never from an argument, which every
 * user of the machine could read. One final newline does not belong to it.
 */
export async function readSecret(options: {
  /** What it is, for the question and for errors: "the webhook secret". */
  readonly what: string;
  /** A path, or `-` or nothing for standard input. */
  readonly file?: string | undefined;
  readonly input?: NodeJS.ReadStream;
}): Promise<string> {
  const input = options.input ?? process.stdin;
  const fromInput = options.file === undefined || options.file === '-';
  const text = fromInput ? await readInput(input, options.what) : await readSecretFile(options.file ?? '');
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '') {
    const where = fromInput ? 'standard input' : options.file;
    throw new AppError('secret-invalid', `There is nothing in ${where}, where ${options.what} should be.`);
  }
  return secret;
}

/** An access token from a file or from standard input. AppError `secret-invalid`; its message never repeats it. */
export async function readAccessToken(file: string | undefined): Promise<string> {
  const token = (await readSecret({ what: 'the access token', file })).trim();
  if (/^(00D\w{12,15}!|eyJ)[\x21-\x7e]{16,}$/.test(token)) return token;
  throw new AppError('secret-invalid', 'This is no access token of Salesforce.', {
    hint: 'It begins with 00D and the rest of the organisation id, and has one "!"; or it is a JWT.',
  });
}

async function readSecretFile(path: string): Promise<string> {
  const content = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('secret-invalid', `${path} ${unreadable(cause)}.`, {
      cause,
      hint: 'Name a file that you may read.',
    });
  });
  return checkedSize(content, path);
}

async function readInput(input: NodeJS.ReadStream, what: string): Promise<string> {
  if (input.isTTY) return askHidden(input, what);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk as Buffer));
    bytes += chunks.at(-1)?.length ?? 0;
    if (bytes > SECRET_LIMIT_BYTES) break;
  }
  return checkedSize(Buffer.concat(chunks), 'standard input');
}

function checkedSize(content: Buffer, where: string): string {
  if (content.length <= SECRET_LIMIT_BYTES) return content.toString('utf8');
  throw new AppError('secret-invalid', `${where} holds more than ${SECRET_LIMIT_BYTES} bytes.`, {
    hint: 'Give the secret alone.',
  });
}

function askHidden(input: NodeJS.ReadStream, what: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  process.stderr.write(`Enter ${what} (it is not shown): `);
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new AppError('secret-invalid', `${what} was not entered.`));
    });
  });
}
