import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/file.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { startKeyring } from '../support/keyring.ts';
import { runCli } from '../support/run-cli.ts';

let directory: string;
let home: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-init-'));
  home = join(directory, 'home');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const mode = (path: string) => (statSync(join(home, path)).mode & 0o777).toString(8);

describe('init', () => {
  it('makes the home with its directories, a valid configuration and a Caddyfile, closed to others', async () => {
    const { code, stdout } = await runCli(['init', '--vault', 'file'], { home });
    expect(code).toBe(0);
    expect(stdout).toContain(`made    ${home}/sfp-server.yaml`);
    const modes = [
      '.',
      'state',
      'run',
      'run/control',
      'run/edge',
      'logs',
      'work',
      'sfp-server.yaml',
      'Caddyfile',
    ];
    expect(modes.map(mode)).toEqual(['711', '700', '711', '700', '750', '700', '700', '600', '644']);
    expect(readConfiguration(pathsOf(home)).vault.provider).toBe('file');
    expect(readFileSync(join(home, 'Caddyfile'), 'utf8')).toContain(`${home}/run/edge/edge.sock`);
  });

  it('run again touches nothing that exists, and says so', async () => {
    await runCli(['init', '--vault', 'file'], { home });
    writeFileSync(join(home, 'sfp-server.yaml'), '# mine\nvault: { provider: file }\n');
    rmSync(join(home, 'logs'), { recursive: true });
    const { code, stdout, stderr } = await runCli(['init', '--vault', 'keychain'], { home });
    expect(code).toBe(0);
    expect(stdout).toContain(`exists  ${home}/sfp-server.yaml`);
    expect(stdout).toContain(`made    ${home}/logs`);
    expect(stderr).toContain('vault move --to keychain');
    expect(readFileSync(join(home, 'sfp-server.yaml'), 'utf8')).toContain('# mine');
  });

  it('writes the keychain into the configuration where one works, and says why', async () => {
    const keyring = await startKeyring();
    try {
      const { stdout } = await runCli(['init'], { home, environment: keyring.environment });
      expect(stdout).toContain('Vault: keychain (it kept a secret in a round trip)');
      expect(readConfiguration(pathsOf(home)).vault.provider).toBe('keychain');
    } finally {
      await keyring.stop();
    }
  });

  it('writes the file vault where no keychain works, and says why', async () => {
    const environment = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/bus' };
    const { stdout } = await runCli(['init'], { home, environment });
    expect(stdout).toContain('Vault: file (no keychain works here');
    expect(readConfiguration(pathsOf(home)).vault.provider).toBe('file');
  });

  it('refuses a home whose socket paths would be too long, before it makes anything', async () => {
    const long = join(directory, 'x'.repeat(100));
    const { code, stderr } = await runCli(['init'], { home: long });
    expect(code).toBe(78);
    expect(stderr).toContain('the system allows 107');
    expect(() => statSync(long)).toThrow();
  });

  it('refuses a home in the place of a file, and a configuration with a mistake', async () => {
    writeFileSync(home, '');
    const inFile = await runCli(['init', '--vault', 'file'], { home });
    expect(inFile.code).toBe(78);
    expect(inFile.stderr).toContain('cannot be made');
    rmSync(home);
    mkdirSync(home);
    writeFileSync(join(home, 'sfp-server.yaml'), 'nonsense: 1\n');
    const mistaken = await runCli(['init'], { home });
    expect(mistaken.code).toBe(78);
    expect(mistaken.stderr).toContain('sfp-server.yaml:1:1');
  });

  it('answers with --json', async () => {
    const { stdout } = await runCli(['init', '--vault', 'file', '--json'], { home });
    expect(JSON.parse(stdout)).toMatchObject({ status: 0, result: { home, vault: 'file' }, warnings: [] });
  });
});
