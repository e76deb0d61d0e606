import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { connectionOf } from '../../src/client/connect.ts';
import { type Environment, readEnvironment } from '../../src/config/environment.ts';
import { type App, createApp } from '../../src/daemon/app.ts';
import { fixtureWorker } from '../support/fixture-worker.ts';

const workerUrl = fixtureWorker('small-worker');

let home: string;
let environment: Environment;
let client: Client;
let lines: string[];
const apps: App[] = [];
const servers: Server[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sfp-app-'));
  environment = readEnvironment({ SFP_SERVER_HOME: home });
  configure('concurrency: 2');
  client = createClient(connectionOf(environment, {}));
  lines = [];
});

afterEach(async () => {
  await client.close();
  for (const app of apps.splice(0)) await app.stop();
  for (const server of servers.splice(0)) server.close();
  rmSync(home, { recursive: true, force: true });
});

function configure(yaml: string): void {
  writeFileSync(environment.paths.configuration, `vault: { provider: file }\n${yaml}\n`);
}

function log(): Logger {
  return pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
}

async function newApp(from: Environment = environment): Promise<App> {
  const app = await createApp({ environment: from, workerUrl, log: log() });
  apps.push(app);
  return app;
}

async function putOrg(): Promise<void> {
  const body = {
    kind: 'jwt',
    username: 'ci@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: '00D000000000001AAA',
  } as const;
  await client.call('putOrg', { params: { org: 'uat' }, body });
}

async function enqueue(soql: string): Promise<string> {
  const { id } = await client.call('createOperation', {
    body: { task: 'salesforce.query', org: 'uat', input: { soql } },
  });
  return id;
}

async function untilState(id: string, state: string): Promise<void> {
  await vi.waitFor(
    async () => expect((await client.call('getOperation', { params: { id } })).state).toBe(state),
    { timeout: 20_000, interval: 50 },
  );
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a server that starts', () => {
  it('is ready, does work, and leaves nothing but its state when it stops', async () => {
    const app = await newApp();
    await app.start();
    const { ready, checks } = await client.call('readiness');
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(ready).toBe(true);

    await putOrg();
    await untilState(await enqueue('SELECT Id FROM Account'), 'succeeded');
    expect(await client.call('serverStatus')).toMatchObject({
      pid: process.pid,
      home,
      vault: 'file',
      concurrency: 2,
      counts: { scheduled: 0, queued: 0, running: 0 },
    });

    await app.stop();
    await app.stop();
    const { controlSocket, controlKey, edgeSocket } = environment.paths;
    expect([controlSocket, controlKey, edgeSocket].filter((path) => existsSync(path))).toEqual([]);
  });

  it('keeps others out of everything but the edge', async () => {
    await (await newApp()).start();
    const { paths } = environment;
    expect(mode(paths.controlDirectory)).toBe('700');
    expect(mode(paths.controlKey)).toBe('600');
    expect(readFileSync(paths.controlKey, 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(mode(paths.edgeDirectory)).toBe('750');
    expect(mode(paths.edgeSocket)).toBe('660');
    expect(mode(join(home, 'state'))).toBe('700');
    expect(mode(paths.work)).toBe('700');
    expect(mode(home)).toBe('700');
  });

  it('lets a group of Caddy pass through the home to the edge', async () => {
    configure('edge: { group: root }');
    await (await newApp()).start();
    expect(mode(home)).toBe('711');
    expect(mode(join(home, 'run'))).toBe('711');
    expect(mode(environment.paths.controlDirectory)).toBe('700');
  });

  it('makes a new control key each time', async () => {
    const keys: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const app = await newApp();
      await app.start();
      keys.push(readFileSync(environment.paths.controlKey, 'utf8'));
      await app.stop();
    }
    expect(new Set(keys).size).toBe(2);
  });

  it('works through what an earlier run accepted', async () => {
    const first = await newApp();
    await first.start();
    await putOrg();
    const id = await enqueue('wait');
    await untilState(id, 'running');
    await first.stop();

    await (await newApp()).start();
    await untilState(id, 'running');
    await client.call('cancelOperation', { params: { id } });
    await untilState(id, 'cancelled');
  });
});

describe('a server that cannot start', () => {
  it('a second one on the same home is refused, and the first goes on', async () => {
    await (await newApp()).start();
    const key = readFileSync(environment.paths.controlKey, 'utf8');
    await expect((await newApp()).start()).rejects.toThrow(code('daemon-running'));
    expect(readFileSync(environment.paths.controlKey, 'utf8')).toBe(key);
    expect((await client.call('readiness')).ready).toBe(true);
  });

  it('a home without a configuration, or with a wrong one, is named before anything is made', async () => {
    configure('concurrency: 0');
    await expect(newApp()).rejects.toThrow(code('configuration-invalid'));
    rmSync(environment.paths.configuration);
    await expect(newApp()).rejects.toThrow(code('home-missing'));
    expect(existsSync(join(home, 'state'))).toBe(false);
  });

  it('a port in use is named, and the home is free again', async () => {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const inUse = readEnvironment({ SFP_SERVER_HOME: home, SFP_SERVER_LISTEN: `127.0.0.1:${port}` });
    await expect((await newApp(inUse)).start()).rejects.toThrow(code('port-in-use'));
    await (await newApp()).start();
    expect((await client.call('readiness')).ready).toBe(true);
  });

  it('one that is stopped while it starts opens nothing afterwards', async () => {
    const app = await newApp();
    const started = app.start().catch((error: unknown) => error);
    await app.stop();
    expect(await started).toMatchObject({ code: 'shutting-down' });
    expect(existsSync(environment.paths.controlKey)).toBe(false);
    await (await newApp()).start();
  });
});

describe('the configuration', () => {
  it('is read again without a restart, and a wrong one changes nothing', async () => {
    const app = await newApp();
    await app.start();
    const concurrency = async () => (await client.call('serverStatus')).concurrency;

    configure('concurrency: 7\nlog: { level: warn }');
    app.reload();
    expect(await concurrency()).toBe(7);

    configure('concurrency: many');
    app.reload();
    expect(await concurrency()).toBe(7);
    expect(lines.at(-1)).toContain('The configuration stays as it was: ');
    expect(lines.at(-1)).toContain('sfp-server.yaml:2:14: ');
  });

  it('the vault is the same until the next start', async () => {
    const app = await newApp();
    await app.start();
    writeFileSync(environment.paths.configuration, 'vault: { provider: keychain }\n');
    app.reload();
    expect((await client.call('serverStatus')).vault).toBe('file');
    expect(lines.join('')).toContain('The vault stays file until the server is started again.');
  });
});

describe('readiness', () => {
  it('says what is missing', async () => {
    const app = await newApp();
    await app.start();
    rmSync(environment.paths.fileVault, { recursive: true, force: true });
    writeFileSync(environment.paths.fileVault, 'no directory');
    const { ready, checks } = await client.call('readiness');
    expect(ready).toBe(false);
    expect(checks.find(({ name }) => name === 'vault')).toMatchObject({ ok: false });
  });
});
