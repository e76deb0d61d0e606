import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeGitFiles } from '../../../src/worker/source/git-files.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sfp it's-"));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Asks Git itself which credentials it would send to a host. */
function fill(configuration: string, host: string): string {
  try {
    return execFileSync('git', ['credential', 'fill'], {
      input: `protocol=https\nhost=${host}\npath=acme/crm.git\n\n`,
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: configuration,
        GIT_TERMINAL_PROMPT: '0',
      },
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch {
    return 'none';
  }
}

const token = (password: string) => ({ kind: 'password', username: 'x-access-token', password }) as const;
const URL = 'https://github.com/acme/crm.git';

describe('the files that Git reads', () => {
  test('give a token to its own host alone', async () => {
    const files = await writeGitFiles({ home, url: URL, credential: token('ghp_token\n') });
    expect(fill(files.configuration, 'github.com')).toContain(
      'username=x-access-token\npassword=ghp_token\n',
    );
    expect(fill(files.configuration, 'evil.example')).toBe('none');
  });

  test('take a user with a password that holds colons', async () => {
    const files = await writeGitFiles({
      home,
      url: URL,
      credential: { kind: 'password', username: 'ada', password: 'pass:word' },
    });
    expect(fill(files.configuration, 'github.com')).toContain('username=ada\npassword=pass:word\n');
  });

  test('are for their owner only, and are gone afterwards', async () => {
    const files = await writeGitFiles({ home, url: URL, credential: token('ghp_token') });
    const credentials = join(home, 'git-credentials');
    expect(statSync(credentials).mode & 0o777).toBe(0o600);
    await files.remove();
    expect(existsSync(credentials)).toBe(false);
    expect(fill(files.configuration, 'github.com')).toBe('none');
  });

  test('hold a key for ssh, which refuses unknown hosts and never asks', async () => {
    const privateKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----';
    const credential = { kind: 'key', privateKey, knownHosts: 'github.com ssh-ed25519 AAAA' } as const;
    const files = await writeGitFiles({ home, url: 'git@github.com:acme/crm.git', credential });
    const key = join(home, 'git-key');
    expect(readFileSync(key, 'utf8')).toBe(`${privateKey}\n`);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(files.sshCommand).toContain('-o BatchMode=yes -o StrictHostKeyChecking=yes');
    expect(files.sshCommand).toContain('-o IdentitiesOnly=yes');
    expect(files.sshCommand).toContain('-o GlobalKnownHostsFile=/dev/null');
    expect(readFileSync(join(home, 'git-known-hosts'), 'utf8')).toBe('github.com ssh-ed25519 AAAA\n');
    await files.remove();
    expect(existsSync(key)).toBe(false);
  });

  test('let a remote repository never lead to a file of this machine', async () => {
    const read = async (url: string): Promise<string> =>
      readFileSync((await writeGitFiles({ home, url, credential: null })).configuration, 'utf8');
    expect(await read(URL)).not.toContain('[protocol "file"]');
    expect(await read('file:///srv/crm.git')).toContain('[protocol "file"]');
  });
});
