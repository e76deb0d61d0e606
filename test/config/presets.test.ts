import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { toolDirectory } from '../../src/config/tool-place.ts';
import type { Run } from '../../src/contract/command-declaration.ts';
import { PRESET_NAMES } from '../../src/contract/preset-names.ts';
import { PRESETS } from '../../src/contract/presets.ts';
import { installRealClis, REAL_CLI_PLACE, REAL_CLIS } from '../support/real-clis.ts';

/** By the words of a command: what it may be told. */
type Flags = ReadonlyMap<string, ReadonlySet<string>>;

const PROGRAMS = new Map<string, Flags>();

beforeAll(async () => {
  await installRealClis();
  for (const [name, tool] of Object.entries(REAL_CLIS)) {
    PROGRAMS.set(
      name,
      readFlags(toolDirectory(REAL_CLI_PLACE, tool), tool.npm.slice(0, tool.npm.lastIndexOf('@'))),
    );
  }
}, 300_000);

/** Asks the CLI's own oclif what it knows; that of sf has its answer in files. */
function readFlags(directory: string, name: string): Flags {
  const print = `require('@oclif/core').Config.load(process.cwd()).then(({ commands }) =>
    console.log(JSON.stringify(commands.map(({ id, flags }) => [id, Object.keys(flags)]))))`;
  const cwd = join(directory, 'node_modules', name);
  const output = execFileSync(process.execPath, ['--eval', print], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const commands: readonly (readonly [id: string, flags: readonly string[]])[] = JSON.parse(output);
  return new Map(
    commands.map(([id, flags]) => [id.replaceAll(':', ' '), new Set(flags.map((flag) => `--${flag}`))]),
  );
}

function wordsOf(run: Run): readonly string[] {
  return run.flatMap((part) => (typeof part === 'string' ? part : Array.isArray(part) ? part : part.words));
}

test.each(PRESET_NAMES.filter((name) => name.includes('.')))(
  '%s names a command and flags that there are',
  (name) => {
    const [program = '', ...words] = wordsOf(PRESETS[name].run ?? []);
    const command = words
      .slice(
        0,
        words.findIndex((word) => word.startsWith('-')),
      )
      .join(' ');
    const known = PROGRAMS.get(program)?.get(command);
    expect(known, command).toBeDefined();
    const flags = words.filter((word) => word.startsWith('--'));
    expect(flags.filter((flag) => known?.has(flag) !== true)).toEqual([]);
  },
);
