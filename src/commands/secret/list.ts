import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { secretAccount } from '../../contract/org.ts';
import { openVault } from '../../vault/open.ts';

export default class SecretList extends BaseCommand {
  static override summary =
    "List the names of the secrets in this machine's vault, and say which vault it is.";
  static override description = 'Logins of orgs are not among them; see: sfp-server org list.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(SecretList);
    const prefix = secretAccount(localTenant(this.environment, flags), '');
    const vault = await openVault(readVaultReference(this.environment.paths));
    const names = (await vault.list(prefix)).map((account) => account.slice(prefix.length));
    for (const name of names) this.log(name);
    if (names.length === 0) this.log('There is no secret yet. Store one with: sfp-server secret set NAME');
    this.log(`The vault in use: ${vault.provider}`);
    return { names, vault: vault.provider };
  }
}
