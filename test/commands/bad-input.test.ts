import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { orgAccount } from '../../src/contract/org.ts';
import { openVault } from '../../src/vault/open.ts';
import { runCli } from '../support/run-cli.ts';
import { registerOrg } from '../support/server.ts';
import { startServerWithOrg } from '../support/server-with-org.ts';

const disk = mkdtempSync(join(tmpdir(), 'sfp-disk-'));
for (const name of ['allowed', 'outside']) mkdirSync(join(disk, name));
symlinkSync(join(disk, 'outside'), join(disk, 'allowed', 'link'));
afterAll(() => rmSync(disk, { recursive: true, force: true }));

const { server, org } = await startServerWithOrg({
  configuration: {
    directories: [join(disk, 'allowed')],
    repos: { gone: { url: join(disk, 'gone.git') }, odd: { url: 'ext::sh -c true' } },
  },
});
await registerOrg(server, org, 'forgotten');
const vault = await openVault({ provider: 'file', directory: server.paths.fileVault });
await vault.remove(orgAccount('default', 'forgotten'));

const deploy = (...input: readonly string[]): string[] =>
  ['enqueue', 'salesforce.deploy', '-o', 'uat'].concat(input.flatMap((one) => ['--input', one]));
const query = (org: string): string[] => ['enqueue', 'salesforce.query', '-o', org, '--input', 'soql=S'];

describe('what is refused before it is accepted', () => {
  test.each([
    { what: 'an unknown task', words: () => ['enqueue', 'salesforce.nothing'], code: 2, says: 'no task' },
    { what: 'an invalid input', words: () => deploy('nonsense=1'), code: 2, says: 'input.' },
    { what: 'an org that nobody logged in to', words: () => query('prod'), code: 2, says: 'org login' },
    {
      what: 'the pause of an unknown org',
      words: () => ['org', 'pause', 'prod'],
      code: 2,
      says: 'org login',
    },
    {
      what: 'a list of an unknown org',
      words: () => ['operation', 'list', '-o', 'prod'],
      code: 2,
      says: 'No org "prod" is known here.',
    },
    {
      what: 'an override without its reason',
      words: () => [...query('uat'), '--override-window', ' '],
      code: 2,
      says: '--override-window needs a reason',
    },
    {
      what: 'a missing argument',
      words: () => ['org', 'pause'],
      code: 2,
      says: 'Something is missing: ALIAS.',
    },
    {
      what: 'a repository that is not declared',
      words: () => deploy('source.git.repo=erp', 'source.git.ref=main'),
      code: 2,
      says: 'repos:',
    },
    {
      what: 'a ref that Git would take for an option',
      words: () => deploy('source.git.repo=gone', 'source.git.ref=--upload-pack=x'),
      code: 2,
      says: 'input.source.git.ref',
    },
    {
      what: 'a directory outside',
      words: () => deploy(`source.directory=${join(disk, 'outside')}`),
      code: 77,
      says: 'directories:',
    },
    {
      what: 'a directory outside, by a symlink',
      words: () => deploy(`source.directory=${join(disk, 'allowed', 'link')}`),
      code: 77,
      says: 'directories:',
    },
  ])('$what ends with $code and the remedy, and nothing is written', async ({ words, code, says }) => {
    const before = await server.client.call('serverStatus');
    const run = await runCli(words(), { home: server.paths.home });
    expect(run, run.stderr).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toMatch(/^Error: /);
    expect(run.stderr).toContain(says);
    expect((await server.client.call('serverStatus')).position).toEqual(before.position);
  });
});

describe('what turns out to be wrong when it is worked on', () => {
  test.each([
    { what: 'a login that the vault does not have', words: query('forgotten'), says: 'secret-missing' },
    {
      what: 'a repository that is not there',
      words: deploy('source.git.repo=gone', 'source.git.ref=main'),
      says: 'git-failed',
    },
    {
      what: 'a repository of a kind that runs programs',
      words: deploy('source.git.repo=odd', 'source.git.ref=main'),
      says: "'ext' not allowed",
    },
  ])('$what ends with 1 and the reason', async ({ words, says }) => {
    const run = await runCli(words, { home: server.paths.home });
    expect(run.code).toBe(1);
    expect(`${run.stdout}${run.stderr}`).toContain(says);
  });
});

describe('a server that cannot start', () => {
  test('because its socket paths would be too long says so and leaves nothing', async () => {
    const home = join(disk, 'x'.repeat(100));
    for (const words of [['start', '--no-board'], ['start', '--detach'], ['status']]) {
      const run = await runCli(words, { home });
      expect(run.code).toBe(78);
      expect(run.stderr).toContain('Choose a shorter SFP_SERVER_HOME');
    }
    expect(existsSync(home)).toBe(false);
  });

  test('because its port is taken says so, and starts once the port is free', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sfp-'));
    writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\n');
    const taken = await takePort();
    const environment = { SFP_SERVER_LISTEN: `127.0.0.1:${taken.port}` };
    try {
      const refused = await runCli(['start', '--no-board'], { home, environment });
      expect(refused.code, refused.stderr).toBe(78);
      expect(refused.stderr).toContain(`127.0.0.1:${taken.port} already`);
      await taken.free();
      expect((await runCli(['start', '--detach'], { home, environment })).code).toBe(0);
    } finally {
      await taken.free();
      await runCli(['stop'], { home, environment });
      rmSync(home, { recursive: true, force: true });
    }
  });
});

async function takePort(): Promise<{ port: number; free(): Promise<void> }> {
  const taken: Server = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    free: () => new Promise((resolve) => taken.close(() => resolve())),
  };
}
