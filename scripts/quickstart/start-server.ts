import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { type Client, createClient } from '../../src/client/client.ts';
import { connectionOf } from '../../src/client/connect.ts';
import { readConfiguration } from '../../src/config/file.ts';
import { type Paths, pathsOf } from '../../src/config/paths.ts';
import { vaultReference } from '../../src/config/vault-reference.ts';
import type { VaultReference } from '../../src/contract/worker-protocol.ts';
import { removeSecrets } from '../../src/vault/move.ts';
import { openVault } from '../../src/vault/open.ts';
import type { Scene } from './arrange.ts';
import type { Stage } from './stage.ts';

/** The server as it runs on this machine. */
export interface QuickstartServer {
  readonly paths: Paths;
  readonly client: Client;
  readonly edge: 'caddy' | 'direct';
  readonly vault: VaultReference['provider'];
  readonly hookUrl: string;
  /** Where clients reach it through Caddy; null without Caddy. */
  readonly url: string | null;
  /** The certificate that signs Caddy's; a file. */
  readonly rootCertificate: string;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;

/** What a person does by hand on the first day, with the commands of the CLI. */
export async function startServer(stage: Stage, scene: Scene): Promise<QuickstartServer> {
  const paths = pathsOf(stage.home);
  await show(stage, 'init');
  configure(paths, scene);
  const reference = vaultReference(readConfiguration(paths), paths);
  stage.onClear(() => forgetSecrets(reference));
  await show(stage, 'secret', 'set', 'github-webhook', '--file', secretFile(stage, scene));

  const client = createClient(
    connectionOf({ paths, serverUrl: null, serverToken: null, listen: null, noColor: true }),
  );
  stage.onClear(() => client.close());
  await start(stage, client);
  const { loginUrl, clientId, username, keyFile } = scene.login;
  await show(
    stage,
    ...['org', 'login', 'jwt', '--alias', 'uat', '--username', username],
    ...['--client-id', clientId, '--jwt-key-file', keyFile, '--login-url', loginUrl],
  );

  const rootCertificate = `${paths.caddyData}/pki/authorities/local/root.crt`;
  const edge = existsSync(rootCertificate) ? 'caddy' : 'direct';
  const url = edge === 'caddy' ? `https://localhost:${scene.port}` : null;
  const hookUrl = `${url ?? `unix:${paths.edgeSocket}`}/hooks/github`;
  return { paths, client, edge, vault: reference.provider, hookUrl, url, rootCertificate };
}

/** Adds to the configuration that `init` wrote what every installation adds: repositories, orgs and hooks. */
function configure(paths: Paths, scene: Scene): void {
  const document = parseDocument(readFileSync(paths.configuration, 'utf8'));
  document.setIn(['edge', 'port'], scene.port);
  document.set('orgs', { uat: {} });
  document.set('repos', { crm: { url: scene.repositoryUrl } });
  document.set('hooks', {
    github: {
      kind: 'github',
      secret: 'github-webhook',
      rules: [
        {
          name: 'push to main',
          on: { event: 'push', branch: 'main' },
          task: 'salesforce.deploy',
          org: 'uat',
          input: {
            source: { git: { repo: 'crm', ref: '{{ payload.after }}' } },
            testLevel: 'RunLocalTests',
          },
          labels: { pusher: '{{ payload.pusher.name }}' },
        },
      ],
    },
  });
  writeFileSync(paths.configuration, document.toString());
}

/** A keychain outlives the home. */
async function forgetSecrets(reference: VaultReference): Promise<void> {
  const vault = await openVault(reference);
  await removeSecrets(vault, await vault.list(''));
}

function secretFile(stage: Stage, scene: Scene): string {
  const file = `${stage.directory}/webhook-secret`;
  writeFileSync(file, scene.hookSecret, { mode: 0o600 });
  return file;
}

/** Prints a command, runs it, and prints what it said. */
async function show(stage: Stage, ...words: readonly string[]): Promise<void> {
  stage.say(`$ sfp-server ${words.join(' ')}`);
  const printed = (await stage.sfpServer(...words)).trim();
  if (printed !== '') stage.say(printed.replace(/^/gm, '  '));
}

async function start(stage: Stage, client: Client): Promise<void> {
  stage.signal.throwIfAborted();
  stage.say('$ sfp-server start');
  const [program, words] = stage.command('start', '--no-board');
  // A group of its own: Ctrl-C reaches this program alone, which then stops the daemon in order.
  const daemon = spawn(program, words, {
    env: stage.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  for (const stream of [daemon.stdout, daemon.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  stage.onClear(() => stop(stage, daemon));
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await isReady(client))) {
    stage.signal.throwIfAborted();
    if (daemon.exitCode !== null || Date.now() > deadline)
      throw new Error(`The server did not start.\n${printed}`);
    await delay(50);
  }
}

async function isReady(client: Client): Promise<boolean> {
  try {
    return (await client.call('readiness')).ready;
  } catch {
    return false;
  }
}

async function stop(stage: Stage, daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  const timer = setTimeout(() => killGroup(daemon), STOP_LIMIT_MS);
  const [program, words] = stage.command('stop');
  execFile(program, words, { env: stage.environment }, () => daemon.kill('SIGTERM'));
  await exited;
  clearTimeout(timer);
}

function killGroup(daemon: ChildProcess): void {
  if (daemon.pid === undefined) return;
  try {
    process.kill(-daemon.pid, 'SIGKILL');
  } catch {
    daemon.kill('SIGKILL');
  }
}
