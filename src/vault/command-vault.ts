import { userInfo } from 'node:os';
import { execa } from 'execa';
import { AppError } from '../contract/errors.ts';
import { cutText } from '../contract/limits.ts';
import type { Vault } from './vault.ts';

/** As long as a keychain gets: a helper that waits for a person would hold a worker for ever. */
const ANSWER_LIMIT_MS = 10_000;
const OUTPUT_LIMIT_BYTES = 4 * 1024 * 1024;
/** Of env, and of a shell. */
const NOT_FOUND = 127;
const NOT_STARTED = 126;

type Verb = 'get' | 'store' | 'erase' | 'list';
type Fields = readonly (readonly [key: string, value: string])[];

/**
 * Secrets behind a program of the machine's owner, in the manner of Git's credential helpers: the verb is its last word,
 * `key=value` lines go in and come out. Secrets travel in base64url, because they may have several lines. No shell is
 * between, and nothing secret is an argument.
 */
export function openCommandVault(command: readonly string[], limitMs: number = ANSWER_LIMIT_MS): Vault {
  const ask = (verb: Verb, fields: Fields): Promise<Fields> =>
    run([...command, verb], { verb, fields, limitMs });
  const get = async (account: string): Promise<string | null> => {
    const answer = await ask('get', [['account', account]]);
    const secret = answer.findLast(([key]) => key === 'secret')?.[1];
    return secret === undefined ? null : decoded(secret, account);
  };
  return {
    provider: 'command',
    get,
    async set(account, secret) {
      const encoded = Buffer.from(secret, 'utf8').toString('base64url');
      await ask('store', [
        ['account', account],
        ['secret', encoded],
      ]);
      // One that keeps nothing and says nothing would cost a login that was just rotated.
      if ((await get(account)) !== secret) throw unavailable(command, 'it did not keep a secret');
    },
    async remove(account) {
      if ((await get(account)) === null) return false;
      await ask('erase', [['account', account]]);
      return true;
    },
    async list(prefix) {
      const answer = await ask('list', [['prefix', prefix]]);
      const accounts = answer.filter(([key]) => key === 'account').map(([, value]) => value);
      return [...new Set(accounts)].filter((account) => account.startsWith(prefix)).sort();
    },
  };
}

interface Question {
  readonly verb: Verb;
  readonly fields: Fields;
  readonly limitMs: number;
}

async function run(words: readonly string[], { verb, fields, limitMs }: Question): Promise<Fields> {
  // Node hands its permission model down to every child by NODE_OPTIONS, and the helper may be a Node that is not ours.
  const helper = execa('/usr/bin/env', ['-u', 'NODE_OPTIONS', ...words], {
    input: `${fields.map(([key, value]) => `${key}=${value}\n`).join('')}\n`,
    // A worker has a home of its own, and the helper's settings are in that of the server's user.
    env: { HOME: userInfo().homedir },
    cwd: '/',
    detached: true,
    reject: false,
    maxBuffer: OUTPUT_LIMIT_BYTES,
  });
  // It may not want to read what it is told.
  helper.stdin.on('error', () => undefined);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    endGroup(helper.pid);
  }, limitMs);
  const { failed, stdout, stderr, exitCode, signal, code, isMaxBuffer } = await helper;
  clearTimeout(limit);
  // What it left running would hold a secret that nobody looks after.
  endGroup(helper.pid);
  if (late) throw unavailable(words, `it did not answer ${verb} within ${limitMs / 1_000} seconds`);
  if (isMaxBuffer) throw unavailable(words, `it said more than ${OUTPUT_LIMIT_BYTES} bytes to ${verb}`);
  if (exitCode === NOT_FOUND)
    throw unavailable(words, 'there is no such program, or one that it starts is missing');
  if (exitCode === NOT_STARTED) throw unavailable(words, 'it cannot be run');
  if (failed && code !== 'EPIPE') {
    const how = signal === undefined ? `exit code ${exitCode}` : signal;
    // What it was just told to store may stand in its complaint.
    const why = verb === 'store' ? '' : lastLine(stderr);
    throw unavailable(words, `it failed to ${verb}: ${how}${why === '' ? '' : `, ${why}`}`);
  }
  return readFields(stdout);
}

/** Whatever else it says is none of ours. */
function readFields(output: string): Fields {
  return output.split('\n').flatMap((line) => {
    const [, key, value] = /^([a-z]+)=(.*?)\r?$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
}

function decoded(secret: string, account: string): string {
  if (/^[A-Za-z0-9+/_-]+={0,2}$/.test(secret)) return Buffer.from(secret, 'base64').toString('utf8');
  throw new AppError('secret-damaged', `What the vault's helper answers for ${account} is no base64.`);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function lastLine(text: string): string {
  return cutText(text.trim().split('\n').at(-1)?.trim() ?? '', 200);
}

function unavailable([program = '']: readonly string[], what: string): AppError {
  return new AppError('vault-unavailable', `The vault's helper ${program} cannot be used: ${what}.`, {
    hint: 'Try it by hand: docs/secrets.md says what it is asked and answers.',
  });
}
