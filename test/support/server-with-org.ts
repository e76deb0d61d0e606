import { afterAll } from 'vitest';
import { type CliOptions, type CliRun, runCli } from './run-cli.ts';
import { type SalesforceStandIn, startSalesforce } from './salesforce/start.ts';
import { registerOrg, startTestServer, type TestServer, type TestServerOptions } from './server.ts';

interface ServerWithOrg {
  readonly server: TestServer;
  readonly org: SalesforceStandIn;
  readonly cli: (words: readonly string[], options?: Partial<CliOptions>) => Promise<CliRun>;
}

/** A real server that is logged in to an org as `uat`, for all tests of a file; both are gone after them. */
export async function startServerWithOrg(options: TestServerOptions = {}): Promise<ServerWithOrg> {
  const org = await startSalesforce();
  afterAll(() => org.stop());
  const server = await startTestServer(options);
  afterAll(() => server.remove());
  await registerOrg(server, org);
  return { server, org, cli: (words, more = {}) => runCli(words, { home: server.paths.home, ...more }) };
}
