import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { AppError } from '../../contract/errors.ts';
import { secretAccount } from '../../contract/org.ts';
import { parseSecret, type SecretKind } from '../../contract/secret.ts';
import { openVault } from '../../vault/open.ts';
import type { Vault } from '../../vault/vault.ts';

export default class SecretList extends BaseCommand {
  static override summary =
    "List the names and kinds of the secrets in this machine's vault, and say which vault it is.";
  static override description = 'Logins of orgs are not among them; see: sfp-server org list.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(SecretList);
    const prefix = secretAccount(localTenant(this.environment, flags), '');
    const vault = await openVault(readVaultReference(this.environment.paths));
    const names = (await vault.list(prefix)).map((account) => account.slice(prefix.length));
    const secrets = await Promise.all(
      names.map(async (name) => ({ name, kind: await kindOf(vault, `${prefix}${name}`) })),
    );
    for (const { name, kind } of secrets) this.log(kind === 'plain' ? name : `${name} (${kind})`);
    if (names.length === 0) this.log('There is no secret yet. Store one with: sfp-server secret set NAME');
    this.log(`The vault in use: ${vault.provider}`);
    return { names, secrets, vault: vault.provider };
  }
}

async function kindOf(vault: Vault, account: string): Promise<SecretKind | 'damaged'> {
  try {
    return parseSecret((await vault.get(account)) ?? '').kind;
  } catch (error) {
    if (error instanceof AppError && error.code === 'secret-damaged') return 'damaged';
    throw error;
  }
}
