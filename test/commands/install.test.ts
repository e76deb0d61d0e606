import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resultOf, runCli } from '../support/run-cli.ts';

let home: string;
let units: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sfp-install-'));
  units = join(home, '.config', 'systemd', 'user');
  writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\n');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Installed {
  readonly units: readonly { readonly name: string; readonly text: string }[];
  readonly verified: boolean;
  readonly directory: string;
}

describe('install', () => {
  it.each([
    { words: [], directory: '/etc/systemd/system' },
    { words: ['--user'], directory: null },
  ])(
    '--dry-run $words prints units that systemd-analyze accepts, and writes nothing',
    async ({ words, directory }) => {
      const before = readdirSync(home);
      const run = await runCli(['install', '--dry-run', '--json', ...words], { home });
      const result = resultOf<Installed>(run);
      expect(result.verified).toBe(true);
      expect(result.directory).toBe(directory ?? units);
      expect(result.units.map(({ name }) => name)).toEqual([
        'sfp-server.service',
        'sfp-server-caddy.service',
      ]);
      expect(result.units[0]?.text).toContain('start --no-board --no-caddy');
      expect(result.units[0]?.text).toContain(`SFP_SERVER_HOME=${home}`);
      expect(readdirSync(home)).toEqual(before);
    },
  );

  it('writes the units of a user, and uninstall removes exactly those', async () => {
    mkdirSync(units, { recursive: true });
    writeFileSync(join(units, 'other.service'), '[Service]\nExecStart=/bin/true\n');
    const installed = await runCli(['install', '--user'], { home });
    expect(installed.code).toBe(0);
    expect(installed.stdout).toContain('systemctl --user enable --now sfp-server.service');
    expect(readdirSync(units).sort()).toEqual([
      'other.service',
      'sfp-server-caddy.service',
      'sfp-server.service',
    ]);
    const again = await runCli(['install', '--user', '--no-caddy'], { home });
    expect(again.code).toBe(0);

    const dry = await runCli(['uninstall', '--user', '--dry-run'], { home });
    expect(dry.stdout).toContain('would remove');
    expect(existsSync(join(units, 'sfp-server.service'))).toBe(true);
    expect((await runCli(['uninstall', '--user'], { home })).code).toBe(0);
    expect(readdirSync(units)).toEqual(['other.service']);
    expect(existsSync(join(home, 'sfp-server.yaml'))).toBe(true);
    expect((await runCli(['uninstall', '--user'], { home })).stdout).toContain(
      'There is no unit of sfp-server',
    );
  });

  it('neither overwrites nor removes a unit of the same name that somebody else wrote', async () => {
    mkdirSync(units, { recursive: true });
    const foreign = join(units, 'sfp-server-caddy.service');
    writeFileSync(foreign, '[Service]\nExecStart=/bin/true\n');
    const { code, stderr } = await runCli(['install', '--user'], { home });
    expect(code).toBe(1);
    expect(stderr).toContain('was not written by sfp-server install');
    await runCli(['uninstall', '--user'], { home });
    expect(readdirSync(units)).toEqual(['sfp-server-caddy.service']);
    expect(readFileSync(foreign, 'utf8')).toContain('/bin/true');
  });

  it('of a home with a space, a percent and a dollar sign in its path leads to that home', async () => {
    const odd = join(home, 'a b%c$d');
    mkdirSync(odd);
    writeFileSync(join(odd, 'sfp-server.yaml'), '');
    const run = await runCli(['install', '--user', '--home', odd, '--json'], { home });
    expect(run.code).toBe(0);
    const text = readFileSync(join(units, 'sfp-server-caddy.service'), 'utf8');
    expect(text).toContain(`"SFP_SERVER_HOME=${home}/a b%%c$d"`);
    expect(text).toContain(`"${home}/a b%%c$$d/Caddyfile"`);
  });

  it('warns that a system unit cannot reach a keychain, and refuses a home that is none', async () => {
    writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: keychain }\n');
    const { stderr } = await runCli(['install', '--dry-run'], { home });
    expect(stderr).toContain('vault move --to file');
    rmSync(join(home, 'sfp-server.yaml'));
    const missing = await runCli(['install', '--dry-run'], { home });
    expect(missing.code).toBe(78);
    expect(missing.stderr).toContain('sfp-server init');
  });

  it('gives units that systemd rates as locked down', async () => {
    const { units: made } = resultOf<Installed>(await runCli(['install', '--dry-run', '--json'], { home }));
    for (const { name, text } of made) {
      writeFileSync(join(home, name), text);
      const limit = name.includes('caddy') ? '50' : '80';
      execFileSync('systemd-analyze', [
        'security',
        '--offline=true',
        `--threshold=${limit}`,
        join(home, name),
      ]);
    }
  });
});
