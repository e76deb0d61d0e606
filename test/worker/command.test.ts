import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { programEnvironment } from '../../src/config/environment.ts';
import type { CommandResult } from '../../src/contract/command.ts';
import { until } from '../support/until.ts';
import { linesOf, setUpCommands, shell } from './command/setting.ts';

const { bench, run, start } = setUpCommands();
const CANARY = 'canary-5d41402abc4b2a76b9719d911017c592';

function resultOf(outcome: unknown): CommandResult {
  return (outcome as { result: CommandResult }).result;
}

describe('a command', () => {
  test('runs its words without a shell, in the source code, and says what it printed', async () => {
    const { outcome, lines } = await run(
      {
        run: ['cat', '--', '{{ with.file }}', 'greeting.txt'],
        input: { properties: { file: { type: 'string' } }, required: ['file'] },
        source: true,
      },
      { with: { file: '$(id).txt' }, files: { 'greeting.txt': 'hello\n', '$(id).txt': 'no shell\n' } },
    );
    expect(outcome).toMatchObject({
      state: 'succeeded',
      result: {
        command: 'probe',
        exitCode: 0,
        commitId: 'c0ffee',
        outputTail: ['no shell', 'hello'],
        artifacts: [],
      },
    });
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'no shell'],
      ['info', 'hello'],
    ]);
  });

  test('keeps colours beside the plain text, and nothing else that a terminal would obey', async () => {
    const { lines } = await run(shell("printf '\\033[31mred\\033[0m\\033[2J done\\n10%%\\r20%%\\n'"));
    expect(lines.map(({ message, ansi }) => [message, ansi])).toEqual([
      ['red done', '\u001b[31mred\u001b[0m done'],
      ['20%', undefined],
    ]);
  });

  test('succeeds with the exit codes that it declares, and fails with others, telling its last line', async () => {
    const three = shell('echo almost; exit 3');
    expect((await run({ ...three, successExitCodes: [0, 3] })).outcome).toMatchObject({
      state: 'succeeded',
      result: { exitCode: 3 },
    });
    expect((await run(three)).outcome).toMatchObject({
      state: 'failed',
      error: { code: 'command-failed', message: 'probe ended with exit code 3: almost', retryable: false },
      result: { exitCode: 3, outputTail: ['almost'] },
    });
    expect((await run({ ...three, onWorkerLoss: 'retry' })).outcome).toMatchObject({
      error: { code: 'command-failed', retryable: true },
    });
    expect((await run({ run: ['no-such-program'] })).outcome).toMatchObject({ state: 'failed' });
  });

  test('has the environment that is listed and declared, and a HOME of its own', async () => {
    const { lines } = await run(shell('env | sort; ls -A "$HOME"', { env: { GREETING: 'hello' } }));
    const handedDown = Object.keys(programEnvironment());
    const variables = lines
      .map(({ message }) => message.split('=')[0] ?? '')
      .filter((name) => !handedDown.includes(name) || ['LANG', 'PATH'].includes(name));
    expect(variables).toEqual(['GREETING', 'HOME', 'LANG', 'PATH', 'PWD', 'SFP_WORKER', 'TMPDIR']);
  });

  test('is handed its secrets by name, in a variable or a file, and none of them is told', async () => {
    await bench().storeSecret('secret/default/npm', CANARY);
    await bench().storeSecret('secret/default/key', `${CANARY}-key`);
    const { worker, outcome, lines } = await run(
      shell(
        'test "$NPM_TOKEN" = "$(cut -c1-39 .npm/key)" && echo same; echo "$NPM_TOKEN"; ' +
          'printf \'%s\' "$NPM_TOKEN" | base64; stat -c %a .npm/key; printf \'can\\033[1mary%s\\n\' "${NPM_TOKEN#canary}"',
        {
          secrets: { npm: { env: 'NPM_TOKEN' }, key: { file: '.npm/key' } },
        },
      ),
    );
    expect(outcome).toMatchObject({ state: 'succeeded' });
    expect(worker.heard()).not.toContain(CANARY);
    expect(worker.heard()).not.toContain(CANARY.slice(6));
    expect(lines.some(({ message }) => message === '[redacted]')).toBe(true);
  });

  test('may use the proxy of the machine, whose password is told by nobody', async () => {
    process.env['https_proxy'] = `http://ada:${CANARY}@proxy.example:3128`;
    try {
      const script = 'echo "${https_proxy#*:*:}" | cut -d@ -f1; echo "$https_proxy" | cut -d@ -f2';
      const { worker, lines } = await run(shell(script, { network: true }));
      expect(lines.map(({ message }) => message)).toEqual(['[redacted]', 'proxy.example:3128']);
      expect(worker.heard()).not.toContain(CANARY);
    } finally {
      delete process.env['https_proxy'];
    }
  });

  test('says which secret is missing before it runs anything', async () => {
    const { outcome } = await run(shell('echo ran', { secrets: { npm: { env: 'NPM_TOKEN' } } }));
    expect(outcome).toMatchObject({
      state: 'failed',
      error: { code: 'secret-missing', message: 'The vault has no secret secret/default/npm for probe.' },
    });
  });

  test('tells its progress from the lines that its pattern finds', async () => {
    const { worker } = await run(
      shell("printf '\\033[1mStatus: InProgress Progress: 120/967\\033[0m\\n'", {
        progress: [
          { pattern: 'Status: (?<message>\\w+) Progress: (?<done>\\d+)/(?<total>\\d+)', unit: 'components' },
        ],
      }),
    );
    expect(worker.reports).toContainEqual({
      kind: 'progress',
      progress: { done: 120, total: 967, unit: 'components', message: 'InProgress' },
    });
  });

  test('keeps the files that it declares, really below its directory, with secrets masked', async () => {
    await bench().storeSecret('secret/default/npm', CANARY);
    symlinkSync('/etc/hostname', join(bench().workspace, 'source', 'linked.txt'));
    const { outcome } = await run(
      shell(
        'mkdir out; echo "a $NPM_TOKEN" > out/a.txt; printf "\\377$NPM_TOKEN" > out/b.bin; echo c > c.txt',
        {
          source: true,
          secrets: { npm: { env: 'NPM_TOKEN' } },
          artifacts: ['out/**', 'linked.txt', 'none-*'],
        },
      ),
      { files: { 'd.txt': '' } },
    );
    expect(resultOf(outcome)).toMatchObject({
      artifacts: [{ name: 'out/a.txt', bytes: 13, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      artifactsLeftOut: 1,
    });
    expect(readFileSync(join(bench().directory, 'kept', 'out', 'a.txt'), 'utf8')).toBe('a [redacted]\n');
  });

  test('a cancel ends it with all that it started', async () => {
    const worker = await start(shell('sleep 600 & echo started; wait'));
    await until(() => linesOf(worker.reports).some(({ message }) => message === 'started'));
    worker.cancel('request');
    expect(await worker.ended).toEqual({
      outcome: { state: 'cancelled', result: null },
      exit: 'it exited with code 0',
    });
  });
});
