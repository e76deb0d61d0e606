import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copySecrets, removeSecrets } from '../../src/vault/move.ts';
import { openVault } from '../../src/vault/open.ts';
import { probeKeychain } from '../../src/vault/probe.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';

const VARIABLES = ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR'] as const;
const before = VARIABLES.map((name) => [name, process.env[name]] as const);
let keyring: Keyring;

beforeAll(async () => {
  keyring = await startKeyring();
  Object.assign(process.env, keyring.environment);
});
afterAll(async () => {
  await keyring.stop();
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe('the keychain', () => {
  it('keeps, lists and removes secrets of one service apart from those of another', async () => {
    const one = await openVault({ provider: 'keychain', service: 'sfp-server:/one' });
    const other = await openVault({ provider: 'keychain', service: 'sfp-server:/other' });
    await one.set('org/default/uat', 'secret of one');
    await one.set('secret/default/github', 'x');
    await other.set('org/default/uat', 'secret of other');
    expect(await one.get('org/default/uat')).toBe('secret of one');
    expect(await one.list('')).toEqual(['org/default/uat', 'secret/default/github']);
    expect(await one.list('org/')).toEqual(['org/default/uat']);
    expect(await one.remove('org/default/uat')).toBe(true);
    expect(await one.remove('org/default/uat')).toBe(false);
    expect(await one.get('org/default/uat')).toBeNull();
    expect(await other.get('org/default/uat')).toBe('secret of other');
  });

  it('keeps a secret as long as a private key', async () => {
    const vault = await openVault({ provider: 'keychain', service: 'sfp-server:/long' });
    const secret = JSON.stringify({ privateKey: `ü${'k'.repeat(20_000)}` });
    await vault.set('org/default/uat', secret);
    expect(await vault.get('org/default/uat')).toBe(secret);
  });

  it('is found usable by a real round trip that leaves nothing behind', async () => {
    expect(await probeKeychain()).toEqual({ usable: true });
    const vault = await openVault({ provider: 'keychain', service: 'sfp-server:probe' });
    expect(await vault.list('')).toEqual([]);
  });

  it('moves every secret to the file vault and back', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sfp-move-'));
    const keychain = await openVault({ provider: 'keychain', service: 'sfp-server:/move' });
    const files = await openVault({ provider: 'file', directory });
    await keychain.set('org/default/uat', 'one');
    await keychain.set('secret/default/github', 'two');
    const accounts = await copySecrets(keychain, files);
    expect(accounts).toEqual(['org/default/uat', 'secret/default/github']);
    await removeSecrets(keychain, accounts);
    expect(await keychain.list('')).toEqual([]);
    expect(await files.get('secret/default/github')).toBe('two');
    await copySecrets(files, keychain);
    expect(await keychain.get('org/default/uat')).toBe('one');
    rmSync(directory, { recursive: true, force: true });
  });
});

describe('a machine without a keychain', () => {
  it('is told apart by the probe, with the reason', async () => {
    const address = process.env['DBUS_SESSION_BUS_ADDRESS'] ?? '';
    process.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere/bus';
    try {
      const probe = await probeKeychain();
      expect(probe).toMatchObject({ usable: false, reason: expect.stringContaining('keychain') });
    } finally {
      process.env['DBUS_SESSION_BUS_ADDRESS'] = address;
    }
  });

  it('gives up on a keychain that does not answer', async () => {
    expect(await probeKeychain(1)).toEqual({ usable: false, reason: 'no answer within 0.001 seconds' });
  });
});
