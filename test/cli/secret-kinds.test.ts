import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SecretDetails, secretOfKind } from '../../src/cli/secret-kinds.ts';
import { parseSecret } from '../../src/contract/secret.ts';

let directory: string;
let knownHosts: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-kinds-'));
  knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, '# github\ngithub.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMq\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const NOTHING = {
  username: undefined,
  knownHosts: undefined,
  appId: undefined,
  installationId: undefined,
  url: undefined,
};
const make = async (
  kind: Parameters<typeof secretOfKind>[0],
  text: string,
  details: Partial<SecretDetails> = {},
) => parseSecret(await secretOfKind(kind, text, { ...NOTHING, ...details }));

const pem = (passphrase?: string) =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: {
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
    } as { type: 'pkcs8'; format: 'pem' },
  }).privateKey;

function sshKeygen(name: string, passphrase: string): string {
  const file = join(directory, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', file]);
  return readFileSync(file, 'utf8');
}

describe('a secret of a kind', () => {
  test('that is plain is kept as it is, also where it looks like JSON', async () => {
    expect(await make('plain', '{"kind":"other"}')).toEqual({ kind: 'plain', text: '{"kind":"other"}' });
  });

  test('git-ssh: a key that ssh-keygen made, or PEM, with the host keys that it may be used with', async () => {
    const key = sshKeygen('good', '');
    const secret = await make('git-ssh', key, { knownHosts });
    expect(secret).toEqual({
      kind: 'git-ssh',
      privateKey: key.trim(),
      knownHosts: 'github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMq\n',
    });
    expect(await make('git-ssh', pem(), { knownHosts })).toMatchObject({ kind: 'git-ssh' });
  });

  test.each([
    ['no key', () => 'ssh-ed25519 AAAA ada', /no private key for ssh/],
    ['a passphrase, in the form of ssh', () => sshKeygen('locked', 'secret'), /has a passphrase/],
    ['a passphrase, in PEM', () => pem('secret'), /has a passphrase/],
  ])('git-ssh: not with %s', async (_what, text, says) => {
    await expect(make('git-ssh', text(), { knownHosts })).rejects.toThrow(says);
  });

  test('git-ssh: not without host keys', async () => {
    await expect(make('git-ssh', sshKeygen('lonely', ''))).rejects.toThrow('--known-hosts FILE');
    const odd = join(directory, 'odd');
    writeFileSync(odd, 'not a line of known_hosts\n');
    await expect(make('git-ssh', pem(), { knownHosts: odd })).rejects.toThrow(/holds no host keys/);
  });

  test('github-app: an RSA key, the app and its installation', async () => {
    const privateKey = pem();
    expect(await make('github-app', privateKey, { appId: '12', installationId: '34' })).toEqual({
      kind: 'github-app',
      appId: '12',
      installationId: '34',
      privateKey,
      apiUrl: 'https://api.github.com',
    });
    await expect(make('github-app', privateKey, { appId: '12' })).rejects.toThrow('--installation-id ID');
    const ids = { appId: '12', installationId: '34' };
    await expect(make('github-app', 'x', ids)).rejects.toThrow(/no RSA private key/);
    const clear = { ...ids, url: 'http://ghe.example' };
    await expect(make('github-app', privateKey, clear)).rejects.toThrow(/is no address/);
  });

  test('git-token and npm: one word', async () => {
    expect(await make('git-token', 'glpat-1\n')).toEqual({
      kind: 'git-token',
      username: 'x-access-token',
      token: 'glpat-1',
    });
    expect(await make('npm', 'npm_1')).toMatchObject({
      registry: 'https://registry.npmjs.org',
      token: 'npm_1',
    });
    await expect(make('npm', 'a b')).rejects.toThrow(/This is no token/);
  });
});
