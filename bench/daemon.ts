import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type Client, createClient } from '../src/client/client.ts';
import { connectionOf } from '../src/client/connect.ts';
import { type Paths, pathsOf } from '../src/config/paths.ts';
import { orgAccount } from '../src/contract/org.ts';
import { openVault } from '../src/vault/open.ts';
import type { SalesforceStandIn } from '../test/support/salesforce/start.ts';
import { builtProgram } from './build.ts';

/** A daemon in a home of its own, as a process of its own. */
export interface BenchDaemon {
  readonly paths: Paths;
  readonly client: Client;
  readonly pid: number;
  /** From here on the event loop's lag counts for `probe`. */
  beginProbe(): void;
  probe(): Promise<Probe>;
  stop(): Promise<void>;
}

/** What the daemon's process says of itself. */
export interface Probe {
  readonly lagP99Ms: number;
  readonly rssBytes: number;
}

const START_LIMIT_MS = 30_000;
const QUEUE_LIMIT = 1_000_000;

/** `worker`: a path, or a program under bench/programs/; null: the real one. */
export async function startDaemon(options: {
  readonly worker: string | null;
  readonly concurrency: number;
  readonly standby?: number;
}): Promise<BenchDaemon> {
  const home = mkdtempSync(join(tmpdir(), 'sfp-b-'));
  const paths = pathsOf(home);
  const { concurrency, standby = 0 } = options;
  // the figures are about speed, not about the limits that protect a server
  const queue = { limit: QUEUE_LIMIT, limitPerTenant: QUEUE_LIMIT };
  const configuration = {
    vault: { provider: 'file' },
    queue,
    concurrency,
    standby,
    orgs: { uat: { concurrency } },
  };
  writeFileSync(paths.configuration, stringify({ ...configuration, log: { level: 'error' } }));
  const worker = options.worker === null ? [] : [resolve(program('.'), options.worker)];
  const child = spawn(process.execPath, [builtProgram('daemon'), ...worker], {
    env: { ...process.env, SFP_SERVER_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const client = createClient(
    connectionOf({ paths, serverUrl: null, serverToken: null, listen: null, noColor: true }),
  );
  const stop = async () => {
    await client.close();
    await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilReady(client, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    paths,
    client,
    pid: child.pid ?? 0,
    beginProbe: () => void child.send('begin'),
    async probe() {
      const answer = new Promise<Probe>((resolve) =>
        child.once('message', (probe) => resolve(probe as Probe)),
      );
      child.send('report');
      return await answer;
    },
    stop,
  };
}

/** Registers `uat` with a real JWT login. */
export async function registerOrg(daemon: BenchDaemon, org: SalesforceStandIn): Promise<void> {
  const login = org.addJwtLogin();
  const vault = await openVault({ provider: 'file', directory: daemon.paths.fileVault });
  await vault.set(orgAccount('default', 'uat'), JSON.stringify({ kind: 'jwt', ...login }));
  const { username } = login;
  const { organisationId, url: instanceUrl } = org;
  await daemon.client.call('putOrg', {
    params: { org: 'uat' },
    body: { kind: 'jwt', username, instanceUrl, organisationId },
  });
}

export function program(name: string): string {
  return new URL(`./programs/${name}`, import.meta.url).pathname;
}

async function untilReady(client: Client, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const ready = await client.call('readiness').then(
      (answer) => answer.ready,
      () => false,
    );
    if (ready) return;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('The daemon did not start.');
    await delay(20);
  }
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await exited;
  clearTimeout(timer);
}
