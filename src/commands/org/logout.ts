import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { checkedAlias, localTenant } from '../../cli/names.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
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
    await (await this.client()).call('deleteOrg', { params: { org: alias } });
    const removed = await vault.remove(orgAccount(tenant, alias));
    this.log(
      `${alias} is forgotten${removed ? `, and its login removed from the ${vault.provider} vault` : ''}.`,
    );
    return { alias, loginRemoved: removed, vault: vault.provider };
  }
}
