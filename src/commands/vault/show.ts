import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import { openVault } from '../../vault/open.ts';

export default class VaultShow extends BaseCommand {
  static override summary =
    'Say which vault keeps the secrets of this server, where it is, and how many it holds.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(VaultShow);
    localTenant(this.environment, flags);
    const reference = readVaultReference(this.environment.paths);
    const { length: secrets } = await (await openVault(reference)).list('');
    const place = reference.provider === 'file' ? reference.directory : reference.service;
    this.log(`Vault:   ${reference.provider}`);
    this.log(`${reference.provider === 'file' ? 'In:     ' : 'Service:'} ${place}`);
    this.log(`Secrets: ${secrets}`);
    return { provider: reference.provider, place, secrets };
  }
}
