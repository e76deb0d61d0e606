import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CliRun, resultOf, runCli } from '../support/run-cli.ts';
import { openTerminal } from '../support/terminal.ts';
import { until } from '../support/until.ts';

interface Status {
  readonly ready: boolean;
  readonly server: { readonly pid: number; readonly home: string; readonly vault: string };
  readonly edge: { readonly url: string; readonly open: boolean };
}

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sfp-'));
  writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\nedge: { port: 18443 }\n');
});
afterEach(async () => {
  await cli(['stop', '--force']);
  rmSync(home, { recursive: true, force: true });
});

const cli = (words: readonly string[], environment: Record<string, string> = {}): Promise<CliRun> =>
  runCli(words, { home, environment });

describe('where no server runs', () => {
  test.each([
    [['status'], 1],
    [['tail'], 1],
    [['enqueue', 'salesforce.identity', '-o', 'uat'], 1],
    [['operation', 'list'], 1],
  ])('%j says so in one sentence with the remedy', async (words, code) => {
    const run = await cli(words);
    expect(run).toEqual({
      code,
      stdout: '',
      stderr: `Error: No sfp-server daemon runs for ${home}.\nStart it with: sfp-server start --detach\n`,
    });
  });

  test('--json says the same to a program', async () => {
    const run = await cli(['status', '--json']);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toEqual({
      status: 1,
      name: 'daemon-not-running',
      message: `No sfp-server daemon runs for ${home}.`,
      hint: 'Start it with: sfp-server start --detach',
      warnings: [],
    });
  });

  test('stop has nothing to do', async () => {
    expect(await cli(['stop'])).toEqual({ code: 0, stdout: 'No server runs.\n', stderr: '' });
  });

  test('a home that was never made is named, with the command that makes it', async () => {
    rmSync(join(home, 'sfp-server.yaml'));
    for (const words of [
      ['start', '--no-board'],
      ['start', '--detach'],
    ]) {
      const run = await cli(words);
      expect(run.code).toBe(78);
      expect(run.stderr).toContain('Create it with: sfp-server init');
    }
  });

  test('a mistake in the configuration is named by line and column', async () => {
    writeFileSync(join(home, 'sfp-server.yaml'), 'concurrency: 4\nvault: { provider: cloud }\n');
    const run = await cli(['start', '--detach']);
    expect(run.code).toBe(78);
    expect(run.stderr).toContain('sfp-server.yaml:2:');
    expect(run.stderr).toContain('Correct sfp-server.yaml at the named place.');
  });

  test('init of its home says that it runs, and not to start it', async () => {
    await cli(['start', '--detach', '--no-caddy']);
    const run = await cli(['init']);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('The server of this home runs') });
    expect(run.stdout).not.toContain('Next:');
  });
});

describe('start --detach', () => {
  test('comes back when the server is ready, says where it is, and leaves it running', async () => {
    const run = await cli(['start', '--detach', '--no-caddy']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const words of ['runs in the background (pid', home, 'file', 'https://localhost:18443']) {
      expect(run.stdout).toContain(words);
    }
    expect(existsSync(join(home, 'logs', 'daemon.log'))).toBe(true);

    const status = await cli(['status']);
    expect(status.code).toBe(0);
    expect(status.stdout).toContain('● ready');
    expect(status.stdout).toContain('closed: nobody listens there');

    const second = await cli(['start', '--detach', '--no-caddy']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('sfp-server stop');

    const { server } = resultOf<Status>(await cli(['status', '--json']));
    expect(await cli(['stop'])).toMatchObject({ code: 0, stdout: `Stopped (pid ${server.pid}).\n` });
    expect((await cli(['status'])).code).toBe(1);
  });

  test('says how it is also while its file has a mistake that it has not read', async () => {
    await cli(['start', '--detach', '--no-caddy']);
    writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\nconcurrency: many\n');
    const run = await cli(['status']);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('● ready');
    expect(run.stderr).toContain('sfp-server.yaml:2:');
  });

  test('a killed server is never in the way', async () => {
    await cli(['start', '--detach', '--no-caddy']);
    expect((await cli(['stop', '--force'])).code).toBe(0);
    expect((await cli(['start', '--detach', '--no-caddy'])).code).toBe(0);
  });

  test('twice at the same time starts one server, and the other says so', async () => {
    const runs = await Promise.all([1, 2].map(() => cli(['start', '--detach', '--no-caddy'])));
    expect(runs.map((run) => run.code).sort()).toEqual([0, 1]);
    expect(runs.find((run) => run.code === 1)?.stderr).toContain('sfp-server stop');
    await cli(['stop']);
    expect((await cli(['status'])).code).toBe(1);
  });

  test('says what kept the server from starting, with its own exit code', async () => {
    rmSync(home, { recursive: true });
    home = mkdtempSync(join(tmpdir(), 'sfp-'));
    writeFileSync(join(home, 'sfp-server.yaml'), 'vault: { provider: file }\n');
    writeFileSync(join(home, 'state'), 'a file where a directory should be');
    const run = await cli(['start', '--detach', '--no-caddy']);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(/^Error: /);
  });
});

describe('on a terminal', () => {
  test('start shows the board of a server of its own, and q stops it', async () => {
    const terminal = openTerminal(['start', '--no-caddy'], home);
    try {
      await until(
        async () => terminal.text().includes('No org is known yet'),
        () => terminal.text(),
      );
      const { server } = resultOf<Status>(await cli(['status', '--json']));
      terminal.press('q');
      expect(await terminal.ended).toBe(0);
      expect(terminal.text()).toContain('The server is stopped');
      expect(existsSync(`/proc/${server.pid}`)).toBe(false);
    } finally {
      terminal.kill();
    }
  });

  test('closing the terminal stops the server too', async () => {
    const terminal = openTerminal(['start', '--no-caddy'], home);
    try {
      await until(
        async () => terminal.text().includes('No org is known yet'),
        () => terminal.text(),
      );
      expect(terminal.text()).not.toContain('The connection is lost');
      const { server } = resultOf<Status>(await cli(['status', '--json']));
      terminal.kill();
      await until(async () => !existsSync(`/proc/${server.pid}`));
    } finally {
      terminal.kill();
    }
  });

  test('the board ends with the reason when its server is killed', async () => {
    const terminal = openTerminal(['start', '--no-caddy'], home);
    try {
      await until(
        async () => terminal.text().includes('No org is known yet'),
        () => terminal.text(),
      );
      await cli(['stop', '--force']);
      expect(await terminal.ended).toBe(1);
      expect(terminal.text()).toContain('The daemon ended by itself.');
    } finally {
      terminal.kill();
    }
  });
});

describe('start --no-board', () => {
  test('is the server itself: it logs to standard output and ends at SIGTERM with 0', async () => {
    const run = runCli(['start', '--no-board', '--no-caddy'], { home });
    await until(async () => (await cli(['status'])).code === 0);
    expect((await cli(['stop'])).code).toBe(0);
    const ended = await run;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('"msg":"the server is ready"');
  });

  test('its log holds no secret of the control door', async () => {
    await cli(['start', '--detach', '--no-caddy']);
    const key = readFileSync(join(home, 'run', 'control', 'control.key'), 'utf8').trim();
    await cli(['status']);
    expect(readFileSync(join(home, 'logs', 'daemon.log'), 'utf8')).not.toContain(key);
  });
});

describe('another server', () => {
  test.each([
    ['nonsense', 2, 'is no server URL'],
    ['http://127.0.0.1:9', 1, 'http://127.0.0.1:9 could not be reached'],
  ])('--server %s says what is wrong with it', async (server, code, says) => {
    const run = await cli(['operation', 'list', '--server', server]);
    expect(run.code).toBe(code);
    expect(run.stderr).toContain(says);
  });

  test('that SFP_SERVER_URL names is not meant by what works on this machine alone', async () => {
    const environment = { SFP_SERVER_URL: 'https://example.com' };
    for (const words of [
      ['start'],
      ['stop'],
      ['pause'],
      ['resume'],
      ['backup', '/no.db'],
      ['restore', '/no.db'],
    ]) {
      const run = await runCli(words, { home, environment });
      expect(run.code).toBe(77);
      expect(run.stderr).toContain(`${words[0]} works on this machine, not on https://example.com`);
    }
  });

  test('is not started or stopped from here', async () => {
    for (const words of [['start'], ['stop']]) {
      const run = await cli([...words, '--server', 'https://example.com']);
      expect(run.code).toBe(77);
      expect(run.stderr).toContain('works on this machine');
    }
  });
});
