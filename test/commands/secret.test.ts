import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pathsOf } from '../../src/config/paths.ts';
import { openVault } from '../../src/vault/open.ts';
import { type Keyring, startKeyring } from '../support/keyring.ts';
import { resultOf, runCli } from '../support/run-cli.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sfp-secret-'));
  writeFileSync(
    join(home, 'sfp-server.yaml'),
    '# why: no keychain here\nvault:\n  provider: file # in the home\n',
  );
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const fileVault = () => openVault({ provider: 'file', directory: pathsOf(home).fileVault });

describe('secret', () => {
  it('set takes the secret from standard input, list names it and the vault, remove removes it', async () => {
    const set = await runCli(['secret', 'set', 'github'], { home, input: 'very secret\n' });
    expect(set).toMatchObject({ code: 0, stderr: '' });
    expect(await (await fileVault()).get('secret/default/github')).toBe('very secret');

    const list = await runCli(['secret', 'list'], { home });
    expect(list.stdout).toBe('github\nThe vault in use: file\n');
    expect(resultOf(await runCli(['secret', 'list', '--json'], { home }))).toEqual({
      names: ['github'],
      secrets: [{ name: 'github', kind: 'plain' }],
      vault: 'file',
    });
    expect((await runCli(['secret', 'remove', 'github'], { home })).code).toBe(0);
    const again = await runCli(['secret', 'remove', 'github'], { home });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('has no secret github');
  });

  it('set takes it from a file, and never shows it', async () => {
    const file = join(home, 'token');
    writeFileSync(file, 'very secret');
    const { code, stdout, stderr } = await runCli(['secret', 'set', 'github', '--file', file], { home });
    expect(code).toBe(0);
    expect(`${stdout}${stderr}`).not.toContain('very secret');
    expect(await (await fileVault()).get('secret/default/github')).toBe('very secret');
  });

  it('set of a kind checks its form, keeps what belongs to it, and list tells the kind', async () => {
    const words = ['secret', 'set', 'crm', '--kind', 'git-token', '--username', 'ada'];
    expect((await runCli(words, { home, input: 'ghp_token\n' })).code).toBe(0);
    expect(JSON.parse((await (await fileVault()).get('secret/default/crm')) ?? '')).toEqual({
      kind: 'git-token',
      username: 'ada',
      token: 'ghp_token',
    });
    expect((await runCli(['secret', 'list'], { home })).stdout).toContain('crm (git-token)');
    const bad = await runCli(words, { home, input: 'two words' });
    expect(bad.code).toBe(2);
    expect(bad.stderr).toContain('This is no token');
    expect(bad.stderr).not.toContain('two words');
  });

  it('belongs to its tenant', async () => {
    await runCli(['secret', 'set', 'github', '--tenant', 'acme'], { home, input: 'x' });
    expect(resultOf(await runCli(['secret', 'list', '--json'], { home }))).toMatchObject({ names: [] });
    const acme = await runCli(['secret', 'list', '--tenant', 'acme', '--json'], { home });
    expect(resultOf(acme)).toMatchObject({ names: ['github'] });
  });

  it('refuses nothing, a name that is none, a tenant that is none, and a remote server', async () => {
    const cases = [
      { words: ['secret', 'set', 'github'], says: 'nothing in standard input', code: 2 },
      { words: ['secret', 'set', '../x'], says: 'is no name of a secret', code: 2 },
      { words: ['secret', 'list', '--tenant', 'A/B'], says: 'is no tenant', code: 2 },
      {
        words: ['secret', 'list', '--server', 'https://ops.example.com'],
        says: 'only be used on that machine',
        code: 77,
      },
      { words: ['secret', 'set', 'x', '--file', '/nowhere/x'], says: 'does not exist', code: 2 },
    ];
    for (const { words, says, code } of cases) {
      const run = await runCli(words, { home });
      expect(run.stderr).toContain(says);
      expect(run.code, words.join(' ')).toBe(code);
    }
  });

  it('without a home says how to make one', async () => {
    rmSync(join(home, 'sfp-server.yaml'));
    const { code, stderr } = await runCli(['secret', 'list'], { home });
    expect(code).toBe(78);
    expect(stderr).toContain('sfp-server init');
  });

  it('with a keychain that is not there names both ways out', async () => {
    writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: keychain }\n');
    const environment = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/bus' };
    const { code, stderr } = await runCli(['secret', 'list'], { home, environment });
    expect(code).toBe(78);
    expect(stderr).toContain('Unlock the keychain, or choose the file vault');
  });
});

describe('vault move', () => {
  let keyring: Keyring;
  beforeEach(async () => {
    keyring = await startKeyring();
  });
  afterEach(() => keyring.stop());

  it('carries all secrets over and back, says how many, and keeps the comments of the configuration', async () => {
    const vault = await fileVault();
    await vault.set('org/default/uat', 'one');
    await vault.set('secret/acme/github', 'two');
    const environment = keyring.environment;
    const there = await runCli(['vault', 'move', '--to', 'keychain'], { home, environment });
    expect(there.stdout).toBe('2 secrets moved from the file vault to the keychain vault.\n');
    expect(await vault.list('')).toEqual([]);
    expect(readFileSync(join(home, 'sfp-server.yaml'), 'utf8')).toBe(
      '# why: no keychain here\nvault:\n  provider: keychain # in the home\n',
    );
    const listed = await runCli(['secret', 'list', '--tenant', 'acme', '--json'], { home, environment });
    expect(resultOf(listed)).toMatchObject({ names: ['github'], vault: 'keychain' });

    const back = await runCli(['vault', 'move', '--to', 'file', '--json'], { home, environment });
    expect(resultOf(back)).toEqual({ from: 'keychain', to: 'file', moved: 2 });
    expect(await vault.get('org/default/uat')).toBe('one');
    const shown = await runCli(['vault', 'show', '--json'], { home, environment });
    expect(resultOf(shown)).toMatchObject({ provider: 'file', secrets: 2 });
  });

  it('changes nothing when the other vault is not there, and nothing when it is the same', async () => {
    await (await fileVault()).set('org/default/uat', 'one');
    const environment = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/bus' };
    const failed = await runCli(['vault', 'move', '--to', 'keychain'], { home, environment });
    expect(failed.code).toBe(78);
    expect(readFileSync(join(home, 'sfp-server.yaml'), 'utf8')).toContain('provider: file');
    expect(await (await fileVault()).get('org/default/uat')).toBe('one');
    const same = await runCli(['vault', 'move', '--to', 'file'], { home });
    expect(same).toMatchObject({ code: 0, stdout: 'The secrets are in the file vault already.\n' });
  });
});
