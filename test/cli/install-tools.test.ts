import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
      scripts: { postinstall: 'touch ran-a-script' },
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
    expect(readdirSync(paths.tools)).toEqual([first.directory.split('/').at(-1)]);
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
    expect(readdirSync(paths.tools)).toHaveLength(1);
  });
});
