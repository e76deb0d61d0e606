import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import keytar from 'keytar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from './until.ts';

/** The whole suite means little where these were not really there; so their absence is a failure and never a skip. */
describe('the real parts that the tests use', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sfp-parts-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('Caddy runs and answers', async () => {
    expect(execFileSync('caddy', ['version'], { encoding: 'utf8' })).toMatch(/\d+\.\d+/);
    const socket = join(directory, 'caddy.sock');
    const caddyfile = join(directory, 'Caddyfile');
    writeFileSync(caddyfile, `{\n\tadmin off\n}\nhttp:// {\n\tbind unix/${socket}\n\trespond "served"\n}\n`);
    const env = { PATH: process.env['PATH'], HOME: directory };
    const caddy = spawn('caddy', ['run', '--config', caddyfile, '--adapter', 'caddyfile'], {
      env,
      stdio: 'ignore',
    });
    const exited = new Promise((resolve) => caddy.once('exit', resolve));
    try {
      let answer = '';
      await until(async () => {
        answer = await get(socket).catch(() => '');
        return answer !== '';
      });
      expect(answer).toBe('served');
    } finally {
      caddy.kill();
      await exited;
    }
  });

  test('the keyring keeps a secret', async () => {
    await keytar.setPassword('sfp-server:real-parts', 'account', 'a secret');
    expect(await keytar.getPassword('sfp-server:real-parts', 'account')).toBe('a secret');
    expect(await keytar.deletePassword('sfp-server:real-parts', 'account')).toBe(true);
  });

  test('Git commits and clones', () => {
    const git = (...flags: readonly string[]) =>
      execFileSync('git', flags, { cwd: directory, encoding: 'utf8' });
    git('init', '-q', 'origin');
    const author = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
    git('-C', 'origin', ...author, 'commit', '-q', '--allow-empty', '-m', 'First');
    git('clone', '-q', 'origin', 'copy');
    expect(git('-C', 'copy', 'rev-parse', 'HEAD')).toBe(git('-C', 'origin', 'rev-parse', 'HEAD'));
  });
});

function get(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: '/' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}
