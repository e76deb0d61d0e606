import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import type { Org } from '../../src/contract/org.ts';
import { openVault } from '../../src/vault/open.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { type CliRun, runCli } from './run-cli.ts';
import { type SalesforceStandIn, startSalesforce } from './salesforce/start.ts';
import { startTestServer, type TestServer } from './server.ts';

interface ServerWithoutOrgs {
  readonly server: TestServer;
  /** One that nobody has logged in to. */
  readonly org: SalesforceStandIn;
  readonly vault: Vault;
  /** For files that a command is to read. */
  readonly directory: string;
  readonly orgs: () => Promise<readonly Org[]>;
  readonly cli: (words: readonly string[], input?: string) => Promise<CliRun>;
}

/** A real server for all tests of a file, which knows no org and has no secret at the beginning of each. */
export async function startServerWithoutOrgs(): Promise<ServerWithoutOrgs> {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-logins-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const org = await startSalesforce();
  afterAll(() => org.stop());
  const server = await startTestServer();
  afterAll(() => server.remove());
  const vault = await openVault({ provider: 'file', directory: server.paths.fileVault });
  const orgs = async () => (await server.client.call('listOrgs')).items;
  beforeEach(async () => {
    org.faults.clear();
    for (const { alias } of await orgs()) await server.client.call('deleteOrg', { params: { org: alias } });
    for (const account of await vault.list('')) await vault.remove(account);
  });
  const cli = (words: readonly string[], input = '') => runCli(words, { home: server.paths.home, input });
  return { server, org, vault, directory, orgs, cli };
}
