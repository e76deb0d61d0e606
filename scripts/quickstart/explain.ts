import type { Operation } from '../../src/contract/operation.ts';
import type { VaultReference } from '../../src/contract/worker-protocol.ts';

/** What happened, for programs. */
export interface Report {
  readonly operation: Operation;
  readonly edge: 'caddy' | 'direct';
  readonly vault: VaultReference['provider'];
  readonly home: string;
  readonly eventsReceived: number;
  readonly deliveryId: string;
  readonly hookStatus: number;
  readonly hookUrl: string;
  readonly pushedCommit: string;
  /** How many deployments the org was asked for, and how many sessions of them it still has. */
  readonly deployRequests: number;
  readonly liveSessions: number;
}

/** What happened and how to go on, for a person. */
export function explain(report: Report, say: (line: string) => void): void {
  const { operation } = report;
  say('');
  if (operation.state !== 'succeeded') {
    say(`The operation ended ${operation.state}: ${operation.error?.message ?? 'no reason was given'}`);
    return;
  }
  const { components, tests } = operation.result as { components: Counts; tests: Counts };
  const way =
    report.edge === 'caddy' ? 'HTTPS through Caddy' : 'the edge socket (Caddy is not installed here)';
  say(`A signed push of ${report.pushedCommit.slice(0, 12)} arrived by ${way} and was deployed:`);
  say(
    `  ${components.deployed} of ${components.total} components, ${tests.completed} of ${tests.total} tests.`,
  );
  say(`  ${report.eventsReceived} events were sent live; the login was kept in ${VAULTS[report.vault]}.`);
  say('All of it was thrown away again. With an org and a repository of your own (README, "First use"):');
  for (const line of NEXT) say(`  ${line}`);
}

interface Counts {
  readonly total: number;
  readonly deployed?: number;
  readonly completed?: number;
}

const VAULTS = {
  keychain: "this machine's keychain",
  file: 'an encrypted file vault (this session has no keychain)',
  command: 'a vault behind a helper',
};

const NEXT = [
  'npm run build && npm pack && npm install -g ./sfp-server-0.1.0.tgz',
  'sfp-server init        # then name your repository and hook in sfp-server.yaml',
  'sfp-server secret set github-webhook',
  'sfp-server start --detach',
  'sfp-server org login jwt -a uat --username … --client-id … -f server.key',
  'sfp-server enqueue salesforce.query -o uat -i soql="SELECT Id, Name FROM Account"',
];

export function explainFailure(error: unknown, say: (line: string) => void): void {
  say(`\nThe quickstart did not come to its end: ${error instanceof Error ? error.message : error}`);
}
