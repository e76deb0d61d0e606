import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  type JwtLogin,
  type SalesforceStandIn,
  startSalesforce,
} from '../../test/support/salesforce/start.ts';
import type { Stage } from './stage.ts';

/** All that a real installation would find outside itself: an org, a repository with a push, a webhook secret, a free port. */
export interface Scene {
  readonly org: SalesforceStandIn;
  readonly login: JwtLogin & { readonly keyFile: string };
  readonly repositoryUrl: string;
  readonly commitId: string;
  readonly hookSecret: string;
  readonly port: number;
}

export async function arrange(stage: Stage, options: { readonly deploymentMs: number }): Promise<Scene> {
  const org = await startSalesforce({ plan: { pace: { durationMs: options.deploymentMs }, localTests: 34 } });
  stage.onClear(() => org.stop());
  stage.say(`A stand-in for a Salesforce org listens on ${org.url}`);
  const login = org.addJwtLogin('deploy@acme.example');
  const keyFile = join(stage.directory, 'server.key');
  writeFileSync(keyFile, login.privateKey, { mode: 0o600 });
  const { repositoryUrl, commitId } = pushProject(stage.directory);
  stage.say(`A Git repository with a small Salesforce project: ${repositoryUrl}`);
  return {
    org,
    login: { ...login, keyFile },
    repositoryUrl,
    commitId,
    hookSecret: randomBytes(32).toString('hex'),
    port: await freePort(),
  };
}

export function build(stage: Stage): void {
  stage.say('Building …');
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
}

/** A bare repository, as a Git host has it, with one commit pushed to main. */
function pushProject(directory: string): { readonly repositoryUrl: string; readonly commitId: string } {
  const [work, bare] = [join(directory, 'crm'), join(directory, 'crm.git')];
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example', '-c', 'commit.gpgsign=false'];
  const git = (...words: readonly string[]) =>
    execFileSync('git', [...identity, ...words], { cwd: directory, encoding: 'utf8' }).trim();
  cpSync(new URL('./project', import.meta.url), work, { recursive: true });
  git('init', '--quiet', '--bare', '--initial-branch=main', bare);
  git('init', '--quiet', '--initial-branch=main', work);
  git('-C', work, 'add', '--all');
  git('-C', work, 'commit', '--quiet', '--message', 'Charge a fee for late invoices');
  git('-C', work, 'push', '--quiet', bare, 'main');
  return { repositoryUrl: `file://${bare}`, commitId: git('-C', work, 'rev-parse', 'HEAD') };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no free port.');
  return address.port;
}
