import { orgAccount } from '../../src/contract/org.ts';
import { openVault } from '../../src/vault/open.ts';
import type { Vault } from '../../src/vault/vault.ts';
import {
  type CallMoment,
  type RefreshLogin,
  type SalesforceStandIn,
  startSalesforce,
} from '../../test/support/salesforce/start.ts';
import { createChance } from '../../test/support/seeded.ts';
import { startTestServer, type TestServer } from '../../test/support/server.ts';
import { insist } from '../torture/clients.ts';
import { countLogins } from './logins-by-attempt.ts';
import { createTrap, type Strike, strikeAt } from './strikes.ts';
import { askFor, untilSucceeded } from './work.ts';

/** What must never be. */
export const NEVER = [
  'refusedRefreshes',
  'lostLogins',
  'loginsBeyondAttempts',
  'siblingsEnded',
  'unfinished',
] as const;

export interface LoginsReport extends Record<(typeof NEVER)[number], number> {
  readonly seed: number;
  readonly operations: number;
  readonly attempts: number;
  readonly logins: number;
  readonly revocations: number;
  /** Attempts that logged in more than once, by name. */
  readonly beyond: readonly string[];
  readonly kills: { readonly daemon: number; readonly workers: number };
  /** Workers that were not killed, because their refresh token was with the org at that moment. */
  readonly spared: number;
}

export interface LoginsOptions {
  readonly seed: number;
  readonly operations: number;
  readonly strikes: number;
  readonly say: (line: string) => void;
}

const ALIAS = 'uat';
const AT_ONCE = 8;
/** Long enough that many wait for the login of one. */
const TOKEN_MS = 20;
/** Longer than other workers of a killed daemon live on. */
const HELD_MS = 4_000;

/** Work on one rotating login, kills among it, and what the org and the vault say afterwards. */
export async function proveLogins(options: LoginsOptions): Promise<LoginsReport> {
  const trap = createTrap();
  const logins = countLogins(() => server.paths);
  const observe = (moment: CallMoment): Promise<void> | void => {
    if (moment.call === 'token' && moment.at === 'acted') logins.given();
    return trap.meet(moment);
  };
  const org = await startSalesforce({ sharedSessions: true, observe });
  org.faults.slow('token', TOKEN_MS);
  const server = await startTestServer({
    configuration: { concurrency: AT_ONCE, orgs: { [ALIAS]: { concurrency: AT_ONCE } } },
  });
  try {
    const vault = await openVault({ provider: 'file', directory: server.paths.fileVault });
    const login = await register(server, { org, vault });
    const ids = await askFor(server, { alias: ALIAS, operations: options.operations });
    const struck = await strikeAll(options, server, { trap, over: untilSucceeded(server, ids) });
    const ends = await Promise.all(
      ids.map((id) => insist(() => server.client.call('getOperation', { params: { id } }))),
    );
    await server.stop();
    const attempts = ends.reduce((sum, { attempt }) => sum + attempt, 0);
    return {
      seed: options.seed,
      operations: ids.length,
      attempts,
      logins: org.calls.token,
      revocations: org.calls.revoke,
      ...struck,
      refusedRefreshes: org.refusedRefreshes(),
      lostLogins: (await isKept(vault, org, login)) ? 0 : 1,
      loginsBeyondAttempts: logins.beyond().length,
      beyond: logins.beyond(),
      siblingsEnded: org.refusedSessions(),
      unfinished: ends.filter(({ state }) => state !== 'succeeded').length,
    };
  } finally {
    await server.remove();
    await org.stop();
  }
}

async function register(
  server: TestServer,
  { org, vault }: { readonly org: SalesforceStandIn; readonly vault: Vault },
): Promise<RefreshLogin> {
  const login = org.addRefreshLogin({ rotation: true });
  const { clientId, clientSecret, refreshToken, instanceUrl, username } = login;
  const kept = { kind: 'sfdx-url', clientId, clientSecret, refreshToken, instanceUrl } as const;
  await vault.set(orgAccount('default', ALIAS), JSON.stringify(kept));
  const { organisationId } = org;
  const body = { kind: kept.kind, username, instanceUrl, organisationId };
  await server.client.call('putOrg', { params: { org: ALIAS }, body });
  return login;
}

/** The vault has the one token of its family that the org takes. */
async function isKept(
  vault: Vault,
  org: SalesforceStandIn,
  { refreshToken }: RefreshLogin,
): Promise<boolean> {
  const text = (await vault.get(orgAccount('default', ALIAS))) ?? '{}';
  const stored = (JSON.parse(text) as { refreshToken?: string }).refreshToken;
  return stored !== undefined && stored === org.currentRefreshToken(refreshToken);
}

async function strikeAll(
  { seed, strikes, say }: LoginsOptions,
  server: TestServer,
  { trap, over }: { readonly trap: ReturnType<typeof createTrap>; readonly over: Promise<void> },
): Promise<Pick<LoginsReport, 'kills' | 'spared'>> {
  const chance = createChance(seed, 0);
  const kills = { daemon: 0, workers: 0 };
  let spared = 0;
  over.catch(() => undefined);
  for (let number = 1; number <= strikes; number += 1) {
    const struck = await strikeAt(server, planStrike(chance, number), { trap, over });
    if (struck === null) break;
    kills.daemon += struck.daemon;
    kills.workers += struck.workers;
    spared += struck.spared;
    say(`strike ${number}: ${JSON.stringify(struck)}`);
  }
  await over;
  return { kills, spared };
}

/** Every third kills the daemon in the middle of a refresh, which the org answers when the next daemon recovers already. */
function planStrike(chance: ReturnType<typeof createChance>, number: number): Strike {
  const afterMs = chance.below(700);
  if (number % 3 === 0) return { call: 'token', at: 'acted', target: 'daemon', heldMs: HELD_MS, afterMs };
  const moment = chance.pick([
    { call: 'token', at: 'received' },
    { call: 'token', at: 'acted' },
    { call: 'token', at: 'acted' },
    { call: 'token', at: 'answered' },
    { call: 'query', at: 'received' },
    { call: 'query', at: 'acted' },
    { call: 'revoke', at: 'received' },
    { call: 'revoke', at: 'acted' },
  ] as const);
  const target = chance.pick(['daemon', 'daemon', 'workers', 'both'] as const);
  return { ...moment, target, heldMs: 0, afterMs };
}
