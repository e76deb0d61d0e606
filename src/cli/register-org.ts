import type { Client } from '../client/client.ts';
import type { Paths } from '../config/paths.ts';
import { AppError, type ErrorCode } from '../contract/errors.ts';
import { type Org, orgAccount } from '../contract/org.ts';
import type { OrgLogin } from '../contract/org-login.ts';
import type { IdentityResult } from '../contract/tasks.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import { checkLogin } from './login-check.ts';

/** What this needs of a vault. */
export interface LoginStore {
  get(account: string): Promise<string | null>;
  set(account: string, secret: string): Promise<void>;
  remove(account: string): Promise<boolean>;
}

export interface OrgRegistrationParts {
  readonly client: Client;
  readonly paths: Paths;
  readonly vault: LoginStore;
  readonly reference: VaultReference;
  readonly tenant: string;
  readonly workerUrl?: URL;
}

const PASSING: readonly ErrorCode[] = ['org-unreachable', 'org-limit', 'worker-lost'];

/**
 * Proves a login by using it and only then keeps it: it waits in an account of its own, so that a login which does not
 * work, or a command that is killed, leaves what was there before. What the proof changed (a rotated refresh token) is
 * what is kept.
 */
export async function registerOrg(
  parts: OrgRegistrationParts,
  alias: string,
  login: OrgLogin,
): Promise<{ readonly org: Org; readonly identity: IdentityResult }> {
  const { client, vault, tenant } = parts;
  // Without a server that takes it, a refresh token would be used up for nothing.
  await client.call('listOrgs');
  const pending = `login-check/${tenant}/${alias}`;
  const kept = orgAccount(tenant, alias);
  await vault.set(pending, JSON.stringify(login));
  try {
    const identity = await prove(parts, { alias, account: pending });
    const proven = (await vault.get(pending)) ?? JSON.stringify(login);
    const org = await replacing(vault, kept, proven, () =>
      client.call('putOrg', { params: { org: alias }, body: registrationOf(login, identity) }),
    );
    return { org, identity };
  } finally {
    await vault.remove(pending);
  }
}

/** Keeps a login as it is; the first work that uses it finds out whether it is good. */
export async function registerUnchecked(
  { client, vault, tenant }: Pick<OrgRegistrationParts, 'client' | 'vault' | 'tenant'>,
  alias: string,
  { login, organisationId }: { readonly login: OrgLogin; readonly organisationId: string },
): Promise<Org> {
  const body = { kind: login.kind, ...addressOf(login), organisationId, checked: false };
  return replacing(vault, orgAccount(tenant, alias), JSON.stringify(login), () =>
    client.call('putOrg', { params: { org: alias }, body }),
  );
}

/** What a login says by itself of whom it is and where. */
function addressOf(login: OrgLogin): { readonly username: string; readonly instanceUrl: string } {
  switch (login.kind) {
    case 'jwt':
      return { username: login.username, instanceUrl: login.loginUrl };
    case 'client-credentials':
      return { username: '?', instanceUrl: login.loginUrl };
    case 'sfdx-url':
    case 'access-token':
      return { username: '?', instanceUrl: login.instanceUrl };
    case 'sandbox':
      return addressOf(login.login);
  }
}

/** One more try after a failure that passes: a refresh token may be used up already, and only the vault has its successor. */
async function prove(
  parts: OrgRegistrationParts,
  login: { readonly alias: string; readonly account: string },
): Promise<IdentityResult> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  const { paths, reference, tenant, workerUrl } = parts;
  const check = { ...login, paths, vault: reference, tenant, signal: interrupt.signal };
  const run = () => checkLogin(workerUrl === undefined ? check : { ...check, workerUrl });
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await run().catch((error: unknown) => {
      if (error instanceof AppError && PASSING.includes(error.code)) return run();
      throw error;
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Where the daemon does not take the registration, the earlier login comes back. */
async function replacing<T>(
  vault: LoginStore,
  account: string,
  secret: string,
  register: () => Promise<T>,
): Promise<T> {
  const earlier = await vault.get(account);
  await vault.set(account, secret);
  try {
    return await register();
  } catch (error) {
    if (earlier === null) await vault.remove(account);
    else await vault.set(account, earlier);
    throw error;
  }
}

function registrationOf(login: OrgLogin, identity: IdentityResult) {
  const { username, instanceUrl, organisationId } = identity;
  return { kind: login.kind, username, instanceUrl, organisationId };
}
