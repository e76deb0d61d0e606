import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { checkedAlias, localTenant } from '../../cli/names.ts';
import type { Client } from '../../client/client.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { AppError } from '../../contract/errors.ts';
import { orgAccount } from '../../contract/org.ts';
import { openVault } from '../../vault/open.ts';

export default class OrgLogout extends BaseCommand {
  static override summary = 'Forget an org: its alias on the server and its login in the vault.';
  static override description =
    'Operations of the past stay. In the org nothing is revoked. The daemon must run.';
  static override examples = ['<%= config.bin %> <%= command.id %> uat'];
  static override args = { alias: Args.string({ required: true, description: 'Alias of the org.' }) };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(OrgLogout);
    const alias = checkedAlias(args.alias);
    const tenant = localTenant(this.environment, flags);
    const vault = await openVault(readVaultReference(this.environment.paths));
    const known = await forget(await this.client(), alias);
    const removed = await vault.remove(orgAccount(tenant, alias));
    if (!known && !removed) {
      throw new AppError('not-found', `No org "${alias}" is known here.`, {
        hint: 'List the known orgs with: sfp-server org list',
      });
    }
    this.log(
      `${alias} is forgotten${removed ? `, and its login removed from the ${vault.provider} vault` : ''}.`,
    );
    return { alias, loginRemoved: removed, vault: vault.provider };
  }
}

/** False: the server does not know the alias. Its login may be there all the same, left by a vault that did not answer. */
async function forget(client: Client, alias: string): Promise<boolean> {
  try {
    await client.call('deleteOrg', { params: { org: alias } });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return false;
    throw error;
  }
}
