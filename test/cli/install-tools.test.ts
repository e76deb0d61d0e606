import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installTool } from '../../src/cli/install-tools.ts';
import { pluginVariables, toolStates } from '../../src/config/tool-place.ts';
import { type NpmRegistry, startNpmRegistry } from '../support/npm-registry.ts';

const PROGRAM = '#!/usr/bin/env node\nconsole.log(`hello from ${process.argv[1]}`);\n';
let home: string;
let paths: { readonly tools: string };
let registry: NpmRegistry;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'sfp-tools-'));
  paths = { tools: join(home, 'tools') };
  registry = await startNpmRegistry([
    {
      name: '@acme/greeter',
      version: '1.2.3',
      bin: { greet: 'greet.js' },
      scripts: { postinstall: 'env > ran-a-script' },
      files: { 'greet.js': PROGRAM },
    },
    { name: 'greeter-plugin', version: '0.1.0', files: { 'index.js': '' } },
  ]);
});
afterEach(async () => {
  await registry.stop();
  rmSync(home, { recursive: true, force: true });
});

const greeter = () => ({ npm: '@acme/greeter@1.2.3', registry: registry.url });

describe('a tool', () => {
  test('is installed once, whole, with its own programs alone, and without running scripts of packages', async () => {
    const first = await installTool(paths, 'greet', greeter());
    expect(first).toMatchObject({ name: 'greet', npm: '@acme/greeter@1.2.3', installed: 'now' });
    const name = basename(first.directory);
    expect(readdirSync(paths.tools).sort()).toEqual([name, `${name}.package-lock.json`]);
    expect(readdirSync(join(first.directory, 'bin'))).toEqual(['greet']);
    expect(execFileSync(join(first.directory, 'bin', 'greet'), { encoding: 'utf8' })).toContain('hello');
    expect(existsSync(join(first.directory, 'node_modules', '@acme', 'greeter', 'ran-a-script'))).toBe(false);
    const asked = registry.requests();
    expect(await installTool(paths, 'greet', greeter())).toMatchObject({ installed: 'before' });
    expect(registry.requests()).toBe(asked);
    expect(toolStates(paths, { greet: greeter() })).toEqual([
      { name: 'greet', npm: '@acme/greeter@1.2.3', plugins: [], installed: true },
    ]);
  });

  test('that was removed comes back with the same dependencies, whatever the registry has by then', async () => {
    const tool = { ...greeter(), plugins: ['greeter-plugin@0.1.0'] };
    const { directory } = await installTool(paths, 'greet', tool);
    const locks = [`${directory}.package-lock.json`, `${directory}.plugins.package-lock.json`];
    const before = locks.map((file) => readFileSync(file, 'utf8'));
    for (const text of before) expect(text).toContain('"integrity"');
    rmSync(directory, { recursive: true });
    // What was locked counts: npm refuses what has other bytes by now.
    writeFileSync(
      locks[0] ?? '',
      (before[0] ?? '').replace(/"sha512-[^"]*"/, `"sha512-${'A'.repeat(86)}=="`),
    );
    await expect(installTool(paths, 'greet', tool)).rejects.toMatchObject({
      message: expect.stringContaining('EINTEGRITY'),
    });
    writeFileSync(locks[0] ?? '', before[0] ?? '');
    expect(await installTool(paths, 'greet', tool)).toMatchObject({ installed: 'now' });
    expect(locks.map((file) => readFileSync(file, 'utf8'))).toEqual(before);
  });

  test('whose scripts may run is told nothing of the shell but the settings of npm', async () => {
    process.env['SFP_SERVER_TOKEN'] = 'sfp_canary';
    try {
      const { directory } = await installTool(paths, 'greet', { ...greeter(), scripts: true });
      const place = join(directory, 'node_modules', '@acme', 'greeter');
      expect(readFileSync(join(place, 'ran-a-script'), 'utf8')).toContain('PATH=');
      expect(readFileSync(join(place, 'ran-a-script'), 'utf8')).not.toContain('sfp_canary');
    } finally {
      delete process.env['SFP_SERVER_TOKEN'];
    }
  });

  test('has its plugins where the program looks for those of its user', async () => {
    const tool = { ...greeter(), plugins: ['greeter-plugin@0.1.0'] };
    const { directory } = await installTool(paths, 'greet', tool);
    const variables = pluginVariables(directory, 'greet', tool);
    expect(variables).toEqual({ GREET_DATA_DIR: join(directory, 'plugins') });
    const described = JSON.parse(readFileSync(join(directory, 'plugins', 'package.json'), 'utf8'));
    expect(described).toMatchObject({
      dependencies: { 'greeter-plugin': '0.1.0' },
      oclif: { plugins: [{ name: 'greeter-plugin', tag: '0.1.0', type: 'user' }] },
    });
  });

  test('that cannot be installed leaves nothing behind, and npm says why', async () => {
    const missing = { npm: 'no-such-package@1.0.0', registry: registry.url };
    await expect(installTool(paths, 'missing', missing)).rejects.toMatchObject({
      code: 'tool-install-failed',
      message: expect.stringContaining('404'),
    });
    expect(readdirSync(paths.tools)).toEqual([]);
  });

  test('that two install at once is there once', async () => {
    const both = await Promise.all([1, 2].map(() => installTool(paths, 'greet', greeter())));
    expect(new Set(both.map(({ directory }) => directory)).size).toBe(1);
    expect(readdirSync(paths.tools)).toHaveLength(2);
  });
});
