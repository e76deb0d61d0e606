import type { ChildProcess } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { type CliOptions, type CliRun, runCli } from '../support/run-cli.ts';
import { untilState } from '../support/server.ts';
import { startServerWithOrg } from '../support/server-with-org.ts';
import { until } from '../support/until.ts';

const { server, cli: run } = await startServerWithOrg();

const cli = (words: readonly string[], options: Partial<CliOptions> = {}): Promise<CliRun> =>
  run(['org', 'lock', 'uat', ...words], options);

async function locks() {
  const { items } = await server.client.call('listOrgs');
  return items[0]?.lane.locks ?? [];
}

/** A command of our own program, so that nothing else has to be installed. */
const node = (code: string): string[] => ['--', process.execPath, '-e', code];
const SHOW_WORDS = 'console.log(JSON.stringify(process.argv.slice(1)))';
/** Until it is ended, or whoever runs it is. */
const HANG = node(`const { ppid } = process;
  process.on('SIGTERM', () => process.exit(7));
  setInterval(() => { if (process.ppid !== ppid) process.exit(0); }, 50);
  console.log('on');`);

/** Starts one that hangs, and answers once its command runs. */
async function hanging(
  words: readonly string[] = [],
): Promise<{ child: ChildProcess; end: Promise<CliRun> }> {
  const started = Promise.withResolvers<ChildProcess>();
  let printed = '';
  const end = cli([...words, ...HANG], {
    started(child) {
      child.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
      });
      started.resolve(child);
    },
  });
  const child = await started.promise;
  await until(
    async () => printed.includes('on'),
    () => printed,
  );
  return { child, end };
}

describe('org lock', () => {
  test('runs the command with the number of its lock, ends with its exit code, and gives the lane back', async () => {
    const show =
      'console.log(process.env.SFP_LOCK_ID, process.env.SFP_LOCK_FENCE, process.argv[1]); process.exit(3)';
    const first = await cli([...node(show), 'two words']);
    expect(first).toMatchObject({ code: 3, stderr: '' });
    expect(first.stdout).toMatch(/^lk_[0-9A-Z]{26} 1 two words\n$/);
    expect(await locks()).toEqual([]);
    const second = await cli(node('console.log(process.env.SFP_LOCK_FENCE)'));
    expect(second).toMatchObject({ code: 0, stdout: '2\n' });
  });

  test('keeps the org for its command: work waits and says why, and goes on when the command was ended', async () => {
    const { child, end } = await hanging(['--note', 'nightly']);
    const body = { task: 'salesforce.identity', org: 'uat', input: {} };
    const { id } = await server.client.call('createOperation', { body });
    const { waitingFor } = await server.client.call('getOperation', { params: { id } });
    expect(waitingFor).toMatchObject({ reason: 'lock', by: 'the owner', note: 'nightly' });
    const list = await runCli(['org', 'list'], { home: server.paths.home });
    expect(list.stdout).toContain('uat has a lock of the owner, held: nightly');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 7 });
    expect(await locks()).toEqual([]);
    await untilState(server, id, 'succeeded');
  });

  test('ends with 69 when its turn did not come in time, and leaves no place in line behind', async () => {
    const { child, end } = await hanging();
    const late = await cli(['-w', '0', ...node('console.log("never")')]);
    expect(late).toMatchObject({ code: 69, stdout: '' });
    expect(late.stderr).toContain('Waiting for the lock of uat, place 1');
    expect(await locks()).toHaveLength(1);
    child.kill('SIGTERM');
    await end;
  });

  test('ends its command when the lock is lost, and says so', async () => {
    const { end } = await hanging(['--ttl', '10']);
    const [lock] = await locks();
    await server.client.call('releaseLock', { params: { org: 'uat', id: lock?.id ?? '' } });
    const run = await end;
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('The lock of uat was lost, so the command was ended');
  });

  test('frees the org by time when it is killed, also across a restart', async () => {
    const { child, end } = await hanging(['--ttl', '10']);
    child.kill('SIGKILL');
    await end;
    await server.stop();
    await server.start();
    await until(async () => (await locks()).length === 0, undefined, 60_000);
  });

  test.each([
    { own: [], words: ['echo', 'deploy', '--target-org', 'uat'] },
    { own: ['-w', '30'], words: ['echo', '30', 'minutes', '-w', '30'] },
    { own: ['--note', 'nightly'], words: ['nightly', '--note', 'nightly', '--', 'nightly'] },
    { own: ['-w', '30'], words: ['project', 'deploy', 'start', '--target-org', 'uat'] },
    { own: [], words: ['--server', 'http://127.0.0.1:1', '--json', '--help', 'uat', 'uat'] },
  ])('passes $words on in their order, whatever words came before: $own', async ({ own, words }) => {
    const run = await cli([...own, ...node(SHOW_WORDS), '--', ...words]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toEqual(words);
  });

  test('reads nothing but the command after the first --, also where the command is named like the org', async () => {
    const run = await cli(['--', 'uat', process.execPath]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('The command "uat" was not found.');
  });

  test.each([
    { words: [] },
    { words: ['--'] },
    { words: ['echo', 'on'] },
    { words: ['-w', '30', 'echo', 'on'] },
  ])(
    'without -- and a command after it, as in $words, runs nothing and says how it is written',
    async ({ words }) => {
      const run = await cli(words);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain('sfp-server org lock ALIAS -- COMMAND ARG…');
      expect(await locks()).toEqual([]);
    },
  );

  test('with a command that is not there says so in one sentence, and gives the lane back', async () => {
    const run = await cli(['--', 'no-such-program', 'secret-word']);
    expect(run).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'Error: The command "no-such-program" was not found.\nName a program on the PATH after --; the lock was released.\n',
    });
    expect(await locks()).toEqual([]);
  });
});
