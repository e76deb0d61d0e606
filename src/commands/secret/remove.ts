import { Args } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { checkedSecretName, localTenant } from '../../cli/names.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { AppError } from '../../contract/errors.ts';
import { secretAccount } from '../../contract/org.ts';
import { openVault } from '../../vault/open.ts';

export default class SecretRemove extends BaseCommand {
  static override summary = "Remove a secret from this machine's vault.";
  static override description = 'What still uses it fails from then on, with a message that names it.';
  static override examples = ['<%= config.bin %> <%= command.id %> github'];
  static override args = { name: Args.string({ required: true, description: 'Name of the secret.' }) };

  override async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SecretRemove);
    const name = checkedSecretName(args.name);
    const account = secretAccount(localTenant(this.environment, flags), name);
    const vault = await openVault(readVaultReference(this.environment.paths));
    if (!(await vault.remove(account))) {
      throw new AppError('secret-missing', `The ${vault.provider} vault has no secret ${name}.`, {
        hint: 'See the names with: sfp-server secret list',
      });
    }
    this.log(`The secret ${name} is removed from the ${vault.provider} vault.`);
    return { name, vault: vault.provider };
  }
}
