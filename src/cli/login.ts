import { Flags } from '@oclif/core';
import type { Client } from '../client/client.ts';
import type { Paths } from '../config/paths.ts';
import { readVaultReference } from '../config/vault-reference.ts';
import { AppError } from '../contract/errors.ts';
import type { OrgLogin } from '../contract/org-login.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import type { BaseCommand } from './base-command.ts';
import { checkedAlias, localTenant } from './names.ts';
import { type LoginStore, registerOrg, registerUnchecked } from './register-org.ts';

/** Flags of every command that logs in to an org. */
export const LOGIN_FLAGS = {
  alias: Flags.string({
    char: 'a',
    required: true,
    helpValue: 'ALIAS',
    summary: 'Name of the org on this server.',
  }),
  'no-check': Flags.boolean({
    summary: 'Keep the login without trying it; needs --organisation-id, unless the login says it.',
  }),
  'organisation-id': Flags.string({
    helpValue: '00D…',
    dependsOn: ['no-check'],
    summary: 'Which organisation it is, where nobody looks: its work waits in one line, by this id.',
  }),
};

/** Of commands that log in as a connected or external client app. */
export const CLIENT_ID_FLAG = Flags.string({
  required: true,
  helpValue: 'KEY',
  summary: 'Consumer key of the connected or external client app.',
});

export interface LoginFlags {
  readonly alias: string;
  readonly 'no-check': boolean;
  readonly 'organisation-id': string | undefined;
  readonly server?: string | undefined;
  readonly tenant?: string | undefined;
}

/** Where a login goes. */
export interface LoginPlace {
  readonly alias: string;
  readonly tenant: string;
  readonly client: Client;
  readonly paths: Paths;
  readonly reference: VaultReference;
}

/** Before anything is read: the name is good, and there is a daemon to register with. */
export async function placeOfLogin(command: BaseCommand, flags: LoginFlags): Promise<LoginPlace> {
  const alias = checkedAlias(flags.alias);
  const tenant = localTenant(command.environment, flags);
  const { paths } = command.environment;
  const reference = readVaultReference(paths);
  const client = await command.client();
  await client.call('health');
  return { alias, tenant, client, paths, reference };
}

/** Tries the login and keeps it, or keeps it as it is; says what came of it. */
export async function keepLogin(
  command: BaseCommand,
  flags: LoginFlags,
  {
    place,
    vault,
    login,
  }: {
    readonly place: LoginPlace;
    readonly vault: LoginStore & { readonly provider: string };
    readonly login: OrgLogin;
  },
): Promise<unknown> {
  const { alias } = place;
  const parts = { ...place, vault };
  if (flags['no-check']) {
    const organisationId = flags['organisation-id'] ?? organisationOf(login);
    const org = await registerUnchecked(parts, alias, { login, organisationId });
    command.log(
      `The org is known as ${alias}; its login is in the ${vault.provider} vault, and was not tried.`,
    );
    return { ...org, vault: vault.provider };
  }
  const { org, identity } = await registerOrg(parts, alias, login);
  command.log(`Logged in to ${org.organisationId} (${org.instanceUrl}) as ${org.username}.`);
  command.log(`The org is known as ${alias}; its login is in the ${vault.provider} vault.`);
  return { ...org, userId: identity.userId, vault: vault.provider };
}

/** An access token begins with its organisation. */
function organisationOf(login: OrgLogin): string {
  const found =
    login.kind === 'access-token' ? /^(00D\w{12})(\w{3})?!/.exec(login.accessToken)?.[1] : undefined;
  if (found !== undefined) return found;
  throw new AppError('invalid-request', 'Without a check nobody knows which organisation this is.', {
    hint: 'Give --organisation-id 00D…: the work of one organisation waits in one line.',
  });
}
