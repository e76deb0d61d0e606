import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';
import { readVaultReference } from '../../config/vault-reference.ts';
import type { VaultReference } from '../../contract/worker-protocol.ts';
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
    const { title, place } = placeOf(reference);
    this.log(`Vault:   ${reference.provider}`);
    this.log(`${title.padEnd(8)} ${place}`);
    this.log(`Secrets: ${secrets}`);
    return { provider: reference.provider, place, secrets };
  }
}

function placeOf(reference: VaultReference): { readonly title: string; readonly place: string } {
  switch (reference.provider) {
    case 'keychain':
      return { title: 'Service:', place: reference.service };
    case 'file':
      return { title: 'In:', place: reference.directory };
    case 'command':
      return { title: 'Helper:', place: reference.command.join(' ') };
  }
}
