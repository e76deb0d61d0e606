import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { connectionOf } from '../../src/client/connect.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { type Paths, pathsOf } from '../../src/config/paths.ts';

let home: string;
let paths: Paths;
const daemons: ChildProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(`${tmpdir()}/sfp-main-`);
  paths = pathsOf(home);
  configure('concurrency: 2');
});

afterEach(async () => {
  for (const daemon of daemons.splice(0)) {
    daemon.kill('SIGKILL');
    await exitOf(daemon);
  }
  rmSync(home, { recursive: true, force: true });
});

function configure(yaml: string): void {
  writeFileSync(paths.configuration, `vault: { provider: file }\n${yaml}\n`);
}

interface Daemon {
  readonly child: ChildProcess;
  readonly printed: () => string;
}

function startDaemon(more: NodeJS.ProcessEnv = {}): Daemon {
  const child = fork(new URL('../fixtures/run-daemon.ts', import.meta.url), [], {
    env: { PATH: process.env['PATH'], SFP_SERVER_HOME: home, ...more },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  daemons.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return { child, printed: () => text };
}

/** The exit code, or the name of the signal that ended it. */
function exitOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(child.exitCode ?? child.signalCode);
  }
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
}

async function untilPrinted(daemon: Daemon, text: string): Promise<void> {
  await vi.waitFor(() => expect(daemon.printed()).toContain(text), { timeout: 20_000, interval: 25 });
}

it.each(['SIGTERM', 'SIGINT'] as const)('%s stops it in order, with exit code 0', async (signal) => {
  const daemon = startDaemon();
  await untilPrinted(daemon, 'the server is ready');
  daemon.child.kill(signal);
  expect(await exitOf(daemon.child)).toBe(0);
  expect(existsSync(paths.controlSocket)).toBe(false);
});

it('what it writes is for its user alone', async () => {
  const daemon = startDaemon();
  await untilPrinted(daemon, 'the server is ready');
  expect(statSync(paths.database).mode & 0o077).toBe(0);
  expect(statSync(paths.edgeSocket).mode & 0o777).toBe(0o660);
});

it('its log is JSON lines', async () => {
  const daemon = startDaemon();
  await untilPrinted(daemon, 'the server is ready');
  const entries = daemon
    .printed()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries.at(-1)).toMatchObject({ level: 'info', home, msg: 'the server is ready' });
});

it('SIGHUP reads the configuration again; a wrong one is named and the old one stays', async () => {
  const daemon = startDaemon();
  await untilPrinted(daemon, 'the server is ready');
  configure('concurrency: many');
  daemon.child.kill('SIGHUP');
  await untilPrinted(daemon, 'The configuration stays as it was');
  configure('concurrency: 3');
  daemon.child.kill('SIGHUP');
  await untilPrinted(daemon, 'configuration read again');
  expect(daemon.child.exitCode).toBeNull();
});

it('no signal makes it open a debugger, which would let everybody of this machine in', async () => {
  const daemon = startDaemon();
  const { child, printed } = daemon;
  await untilPrinted(daemon, 'the server is ready');
  child.kill('SIGUSR1');
  child.kill('SIGHUP'); // heard after it, and seen in the log
  await untilPrinted(daemon, 'configuration read again');
  expect(printed()).not.toContain('Debugger');
  expect(child.exitCode).toBeNull();
});

it('one that was killed is not in the way of the next', async () => {
  const first = startDaemon();
  await untilPrinted(first, 'the server is ready');
  const key = readFileSync(paths.controlKey, 'utf8');
  first.child.kill('SIGKILL');
  expect(await exitOf(first.child)).toBe('SIGKILL');

  const second = startDaemon();
  await untilPrinted(second, 'the server is ready');
  expect(readFileSync(paths.controlKey, 'utf8')).not.toBe(key);
});

it('a failure of the start is one sentence and an exit code', async () => {
  const first = startDaemon();
  await untilPrinted(first, 'the server is ready');
  const second = startDaemon();
  expect(await exitOf(second.child)).toBe(1);
  expect(second.printed()).toContain(`The daemon with pid ${first.child.pid} already runs in this home`);

  configure('hoks: {}');
  const third = startDaemon();
  expect(await exitOf(third.child)).toBe(78);
  expect(third.printed()).toContain('sfp-server.yaml:2:1: unknown key "hoks"; did you mean "hooks"?');
});

it('a bug ends it with exit code 70, after it was logged', async () => {
  const daemon = startDaemon({ SFP_TEST_BUG: 'yes' });
  expect(await exitOf(daemon.child)).toBe(70);
  expect(daemon.printed()).toContain('a promise that nobody waits for');
  expect(existsSync(paths.controlSocket)).toBe(false);
});

it('a second signal ends it at once, however busy it is', async () => {
  const daemon = startDaemon();
  await untilPrinted(daemon, 'the server is ready');
  await runWithoutEnd();
  daemon.child.kill('SIGTERM');
  await untilPrinted(daemon, '"stopping"');
  daemon.child.kill('SIGTERM');
  expect(await exitOf(daemon.child)).toBe(1);
});

/** An operation whose worker hears no cancel. */
async function runWithoutEnd(): Promise<void> {
  const client = createClient(connectionOf(readEnvironment({ SFP_SERVER_HOME: home }), {}));
  try {
    const registration = {
      kind: 'jwt',
      username: 'ci@example.com',
      instanceUrl: 'https://example.my.salesforce.com',
      organisationId: '00D000000000001AAA',
    } as const;
    await client.call('putOrg', { params: { org: 'uat' }, body: registration });
    const { id } = await client.call('createOperation', {
      body: { task: 'salesforce.query', org: 'uat', input: { soql: 'without end' } },
    });
    await vi.waitFor(
      async () =>
        expect((await client.call('getOperation', { params: { id } })).progress?.message).toBe('at work'),
      { timeout: 20_000, interval: 50 },
    );
  } finally {
    await client.close();
  }
}
