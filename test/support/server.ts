import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Client, createClient } from '../../src/client/client.ts';
import { connectionOf } from '../../src/client/connect.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { type Paths, pathsOf } from '../../src/config/paths.ts';
import type { Operation } from '../../src/contract/operation.ts';
import { orgAccount } from '../../src/contract/org.ts';
import { openVault } from '../../src/vault/open.ts';
import type { JwtLogin, SalesforceStandIn } from './salesforce/start.ts';
import { until } from './until.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

/** A real server in a home of its own, with the file vault, started as a service would start it. */
export interface TestServer {
  readonly paths: Paths;
  readonly client: Client;
  /** The process that runs the daemon. */
  readonly pid: number;
  /** All that it printed so far. */
  readonly output: () => string;
  start(): Promise<void>;
  /** Starts it and waits for nothing. */
  launch(): void;
  /** As an administrator stops it; answers the exit code. */
  stop(): Promise<number | null>;
  /** kill -9 of the daemon alone; its workers are left to themselves. */
  kill(): Promise<void>;
  /** Stops it and removes the home. */
  remove(): Promise<void>;
}

export interface TestServerOptions {
  /** Sections of sfp-server.yaml beside the vault. */
  readonly configuration?: Record<string, unknown>;
  /** Words put in front of the command: `strace -f …`. */
  readonly under?: readonly string[];
  /** Happens to its home before it is started. */
  readonly prepare?: (paths: Paths) => void;
  /** Where its home is made; default: the directory of temporary files. */
  readonly place?: string;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const home = mkdtempSync(join(options.place ?? tmpdir(), 'sfp-'));
  const environment = readEnvironment({ SFP_SERVER_HOME: home });
  const paths = pathsOf(home);
  mkdirSync(paths.logs, { recursive: true });
  writeFileSync(paths.configuration, stringify({ vault: { provider: 'file' }, ...options.configuration }));
  options.prepare?.(paths);
  const client = createClient(connectionOf(environment));
  let child: ChildProcess | null = null;
  let printed = '';

  const server: TestServer = {
    paths,
    client,
    get pid() {
      return child?.pid ?? 0;
    },
    output: () => printed,
    launch() {
      child = launch(home, options.under ?? []);
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
        });
      }
    },
    async start() {
      server.launch();
      await until(
        async () => (await client.call('readiness')).ready,
        () => printed,
      );
    },
    stop: () => end(child, 'SIGTERM'),
    async kill() {
      await end(child, 'SIGKILL');
    },
    async remove() {
      await end(child, 'SIGTERM');
      await client.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** Stores a JWT login for the stand-in org and registers it, as `org login jwt` does. */
export async function registerOrg(server: TestServer, org: SalesforceStandIn, alias = 'uat'): Promise<void> {
  await registerLogin(server, { ...org, login: org.addJwtLogin() }, alias);
}

/** The same for an org in another process. */
export async function registerLogin(
  server: TestServer,
  org: { readonly login: JwtLogin; readonly url: string; readonly organisationId: string },
  alias: string,
): Promise<void> {
  const { login } = org;
  const vault = await openVault({ provider: 'file', directory: server.paths.fileVault });
  await vault.set(orgAccount('default', alias), JSON.stringify({ kind: 'jwt', ...login }));
  await server.client.call('putOrg', {
    params: { org: alias },
    body: {
      kind: 'jwt',
      username: login.username,
      instanceUrl: org.url,
      organisationId: org.organisationId,
    },
  });
}

/** Waits until the operation is in one of the states, and answers it. */
export async function untilState(
  server: TestServer,
  id: string,
  ...states: readonly Operation['state'][]
): Promise<Operation> {
  let last: Operation | null = null;
  await until(
    async () => {
      last = await server.client.call('getOperation', { params: { id } });
      return states.includes(last.state);
    },
    () => `${JSON.stringify(last)}\n${server.output()}`,
  );
  if (last === null) throw new Error(`operation ${id} was never seen`);
  return last;
}

function launch(home: string, under: readonly string[]): ChildProcess {
  const command = [...under, process.execPath, join(ROOT, 'bin/run.js'), 'start', '--no-board', '--no-caddy'];
  const [program = '', ...flags] = command;
  return spawn(program, flags, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home, TMPDIR: tmpdir(), SFP_SERVER_HOME: home },
  });
}

async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<number | null> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return await exited;
}
