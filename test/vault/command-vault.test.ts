import { fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeDirectoryOf, workerArguments } from '../../src/daemon/dispatch/permissions.ts';
import { openCommandVault } from '../../src/vault/command-vault.ts';
import { openVault } from '../../src/vault/open.ts';

const HELPER = fileURLToPath(new URL('../fixtures/vault-helper.sh', import.meta.url));
const CODE = new URL('../../src/vault/command-vault.ts', import.meta.url).href;
const ACCOUNT = 'org/default/uat';
const SECRET = 'first line\nsecond: ünïcode = "quoted" $(echo) \\n\n';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sfp-helper-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const vaultOf = (mode: string, limitMs?: number) => openCommandVault([HELPER, directory, mode], limitMs);

describe('a vault behind a helper', () => {
  test('keeps, answers, lists and removes secrets, whatever they hold', async () => {
    const vault = await openVault({ provider: 'command', command: [HELPER, directory, 'good'] });
    expect(await vault.get(ACCOUNT)).toBeNull();
    await vault.set(ACCOUNT, SECRET);
    await vault.set('secret/default/github', 'token');
    expect(await vault.get(ACCOUNT)).toBe(SECRET);
    expect(await vault.list('')).toEqual([ACCOUNT, 'secret/default/github']);
    expect(await vault.list('org/')).toEqual([ACCOUNT]);
    expect([await vault.remove(ACCOUNT), await vault.remove(ACCOUNT)]).toEqual([true, false]);
    expect(await vault.list('')).toEqual(['secret/default/github']);
  });

  test('is asked without a shell: words that a shell would read differently are plain words', async () => {
    const odd = join(directory, '$(touch pwned); `x` & *');
    const program = join(directory, 'words.sh');
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > '${directory}/words'\n`, { mode: 0o755 });
    await openCommandVault([program, odd, '']).get(ACCOUNT);
    expect(readFileSync(join(directory, 'words'), 'utf8')).toBe(`${odd}\n\nget\n`);
    expect(existsSync(join(directory, 'pwned'))).toBe(false);
  });

  test('may say more than it is asked', async () => {
    const vault = vaultOf('chatty');
    await vault.set(ACCOUNT, SECRET);
    expect(await vault.get(ACCOUNT)).toBe(SECRET);
    expect(await vault.list('')).toEqual([ACCOUNT]);
  });

  test('that says nothing has nothing, and is found out when it should keep something', async () => {
    const vault = vaultOf('silent');
    expect(await vault.get(ACCOUNT)).toBeNull();
    expect(await vault.list('')).toEqual([]);
    await expect(vault.set(ACCOUNT, SECRET)).rejects.toMatchObject({
      code: 'vault-unavailable',
      message: expect.stringContaining('did not keep'),
    });
  });

  test('that fails says how, and never what it was told', async () => {
    const vault = vaultOf('failing');
    await expect(vault.get(ACCOUNT)).rejects.toThrow(/failed to get: exit code 3, the vault is sealed/);
    const error = await vault.set(ACCOUNT, SECRET).catch((one: Error) => one.message);
    expect(error).toContain('failed to store: exit code 3.');
    expect(error).not.toContain(Buffer.from(SECRET).toString('base64url'));
  });

  test('that does not answer is ended with all that it started', async () => {
    await expect(vaultOf('slow', 1_000).get(ACCOUNT)).rejects.toThrow(/did not answer get within 1 seconds/);
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    await expect.poll(() => existsSync(`/proc/${pid}/cwd`)).toBe(false);
  });

  test('that answers what is no secret, or without end, is refused', async () => {
    await expect(vaultOf('garbled').get(ACCOUNT)).rejects.toMatchObject({ code: 'secret-damaged' });
    await expect(vaultOf('endless').get(ACCOUNT)).rejects.toMatchObject({ code: 'vault-unavailable' });
  });

  test('may be written in Node, also for a worker under the permission model', async () => {
    const helper = join(directory, 'helper.mjs');
    writeFileSync(join(directory, 'kept'), Buffer.from(SECRET).toString('base64url'));
    const read = "readFileSync(new URL('kept', import.meta.url), 'utf8')";
    writeFileSync(
      helper,
      `#!${process.execPath}\nimport { readFileSync } from 'node:fs';\nconsole.log('secret=' + ${read});\n`,
      { mode: 0o755 },
    );
    const workspace = join(directory, 'workspace');
    mkdirSync(workspace);
    const job = { job: 'task', workspace, source: null } as const;
    const vault = { provider: 'command' as const, command: [helper] };
    const workerUrl = new URL('../fixtures/workers/ask-vault.ts', import.meta.url);
    const program = { workerUrl, codeDirectory: codeDirectoryOf(CODE), compiledCode: null };
    const execArgv = [...workerArguments(program, { ...job, vault })];
    const child = fork(fileURLToPath(workerUrl), [helper, ACCOUNT], { execArgv });
    const said = await new Promise((resolve) => {
      child.once('message', resolve);
      child.once('exit', () => resolve(null));
    });
    expect(said).toEqual({ secret: SECRET });
  });

  test('that is missing, or no program, says so', async () => {
    await expect(openCommandVault(['/nowhere/helper']).get(ACCOUNT)).rejects.toThrow(
      'there is no such program',
    );
    const file = join(directory, 'plain');
    writeFileSync(file, 'no program', { mode: 0o600 });
    await expect(openCommandVault([file]).get(ACCOUNT)).rejects.toThrow('it cannot be run');
  });
});
