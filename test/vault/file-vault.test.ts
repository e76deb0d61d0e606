import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/contract/errors.ts';
import { openVault } from '../../src/vault/open.ts';
import type { Vault } from '../../src/vault/vault.ts';

let directory: string;
let vault: Vault;

beforeEach(async () => {
  directory = join(mkdtempSync(join(tmpdir(), 'sfp-vault-')), 'vault');
  vault = await openVault({ provider: 'file', directory });
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const files = (kind: 'secrets' | 'keys') =>
  readdirSync(join(directory, kind)).map((name) => join(directory, kind, name));

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof AppError ? error.code : String(error);
}

describe('the file vault', () => {
  it('answers with the secret that was stored last, also to a vault opened later', async () => {
    await vault.set('org/default/uat', 'first');
    await vault.set('org/default/uat', 'second — ünïcode\n');
    const later = await openVault({ provider: 'file', directory });
    expect(await later.get('org/default/uat')).toBe('second — ünïcode\n');
  });

  it('answers null for what was never stored, and false for removing it', async () => {
    expect(await vault.get('org/default/none')).toBeNull();
    expect(await vault.remove('org/default/none')).toBe(false);
  });

  it('removes the secret and its key', async () => {
    await vault.set('secret/default/github', 'x');
    expect(await vault.remove('secret/default/github')).toBe(true);
    expect(await vault.get('secret/default/github')).toBeNull();
    expect([...files('secrets'), ...files('keys')]).toEqual([]);
  });

  it('lists the accounts below a prefix, sorted', async () => {
    for (const account of ['org/b/x', 'org/a/y', 'org/a/x', 'secret/a/x']) await vault.set(account, 's');
    expect(await vault.list('org/a/')).toEqual(['org/a/x', 'org/a/y']);
    expect(await vault.list('')).toHaveLength(4);
  });

  it('keeps accounts apart that differ in case only, and names that look like paths inside', async () => {
    const accounts = ['org/a/UAT', 'org/a/uat', '../../etc/passwd', '/etc/passwd', 'a\0b', '.', '..'];
    for (const account of accounts) await vault.set(account, `secret of ${account}`);
    for (const account of accounts) expect(await vault.get(account)).toBe(`secret of ${account}`);
    expect(files('secrets')).toHaveLength(accounts.length);
    expect(readdirSync(join(directory, '..'))).toEqual(['vault']);
  });

  it('keeps one file and one key per secret, private to the owner, without the secret in them', async () => {
    await vault.set('org/default/uat', 'very secret text');
    await vault.set('org/default/prod', 'very secret text');
    for (const place of [directory, join(directory, 'secrets'), join(directory, 'keys')]) {
      expect(statSync(place).mode & 0o777).toBe(0o700);
    }
    const all = [...files('secrets'), ...files('keys')];
    expect(all).toHaveLength(4);
    for (const file of all) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'latin1')).not.toContain('very secret');
      expect(readFileSync(file, 'latin1')).not.toContain(Buffer.from('very secret').toString('base64'));
    }
    const [one, other] = files('keys').map((file) => readFileSync(file, 'hex'));
    expect(one).not.toBe(other);
  });

  it('says that a changed, cut, moved or keyless secret is damaged', async () => {
    await vault.set('org/default/uat', 'a secret');
    const [secret = ''] = files('secrets');
    const [key = ''] = files('keys');
    const sealed = readFileSync(secret, 'utf8');
    const { ciphertext } = JSON.parse(sealed) as { ciphertext: string };
    const changed = Buffer.from(ciphertext, 'base64').map((byte) => byte ^ 1);
    writeFileSync(secret, sealed.replace(ciphertext, Buffer.from(changed).toString('base64')));
    expect(await codeOf(vault.get('org/default/uat'))).toBe('secret-damaged');
    writeFileSync(secret, sealed.slice(0, 40));
    expect(await codeOf(vault.get('org/default/uat'))).toBe('secret-damaged');
    writeFileSync(secret, sealed);
    expect(await vault.get('org/default/uat')).toBe('a secret');
    rmSync(key);
    expect(await codeOf(vault.get('org/default/uat'))).toBe('secret-damaged');
  });

  it('does not open the secret of one account under the name of another', async () => {
    await vault.set('org/default/uat', 'for uat');
    const [uatSecret = ''] = files('secrets');
    const [uatKey = ''] = files('keys');
    await vault.set('org/default/prod', 'for prod');
    const prodSecret = files('secrets').find((file) => file !== uatSecret) ?? '';
    const prodKey = files('keys').find((file) => file !== uatKey) ?? '';
    copyFileSync(uatSecret, prodSecret);
    copyFileSync(uatKey, prodKey);
    expect(await codeOf(vault.get('org/default/prod'))).toBe('secret-damaged');
  });

  it('takes a new secret over a damaged one, also when the key is damaged', async () => {
    await vault.set('org/default/uat', 'a secret');
    for (const file of [...files('secrets'), ...files('keys')]) writeFileSync(file, 'rubbish');
    await vault.set('org/default/uat', 'another');
    expect(await vault.get('org/default/uat')).toBe('another');
  });

  it('ends with one whole secret when many write the same account at once', async () => {
    const vaults = await Promise.all(
      Array.from({ length: 20 }, () => openVault({ provider: 'file', directory })),
    );
    await Promise.all(vaults.map((one, index) => one.set('org/default/uat', `secret ${index}`)));
    expect(await vault.get('org/default/uat')).toMatch(/^secret \d+$/);
    expect(files('keys')).toHaveLength(1);
    expect(files('secrets')).toHaveLength(1);
  });

  it('refuses an empty secret and an account without a name', async () => {
    expect(await codeOf(vault.set('org/default/uat', ''))).toBe('secret-invalid');
    expect(await codeOf(vault.set('', 'x'))).toBe('secret-invalid');
    expect(await codeOf(vault.get('x'.repeat(201)))).toBe('secret-invalid');
  });

  it('says in one sentence that its directory cannot be used', async () => {
    const file = join(directory, '..', 'file');
    writeFileSync(file, '');
    const work = openVault({ provider: 'file', directory: join(file, 'vault') });
    expect(await codeOf(work)).toBe('vault-unavailable');
  });
});
