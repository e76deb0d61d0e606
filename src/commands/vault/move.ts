import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { localTenant } from '../../cli/names.ts';
import { refuseRunningDaemon } from '../../cli/running-daemon.ts';
import { setVaultProvider } from '../../cli/set-vault-provider.ts';
import { readConfiguration } from '../../config/file.ts';
import { vaultReference } from '../../config/vault-reference.ts';
import { VAULT_PROVIDERS } from '../../contract/configuration.ts';
import { AppError } from '../../contract/errors.ts';
import { copySecrets, removeSecrets } from '../../vault/move.ts';
import { openVault } from '../../vault/open.ts';

export default class VaultMove extends BaseCommand {
  static override summary = 'Carry all secrets of this server to the other vault, and use that from then on.';
  static override description =
    'Every secret is copied and read back; then vault.provider in sfp-server.yaml is changed; then the old copies are removed. The daemon must not run meanwhile: it could rotate a token in the old vault.';
  static override examples = ['<%= config.bin %> <%= command.id %> --to file'];
  static override flags = {
    to: Flags.option({
      options: VAULT_PROVIDERS,
      required: true,
      summary: 'Where the secrets shall be.',
    })(),
  };

  override async run(): Promise<unknown> {
    const { flags } = await this.parse(VaultMove);
    localTenant(this.environment, flags);
    const { paths } = this.environment;
    const configuration = readConfiguration(paths);
    const { provider } = configuration.vault;
    if (flags.to === 'command' && configuration.vault.command === undefined) {
      throw new AppError('configuration-invalid', 'sfp-server.yaml names no vault.command.', {
        hint: 'Add the helper first: vault: { provider: …, command: [/usr/local/bin/sfp-vault] }',
      });
    }
    if (provider === flags.to) {
      this.log(`The secrets are in the ${provider} vault already.`);
      return { from: provider, to: flags.to, moved: 0 };
    }
    await refuseRunningDaemon(await this.client(), paths.home);
    const old = await openVault(vaultReference(configuration, paths));
    const target = vaultReference(
      { ...configuration, vault: { ...configuration.vault, provider: flags.to } },
      paths,
    );
    const accounts = await copySecrets(old, await openVault(target));
    await setVaultProvider(paths, flags.to);
    await removeSecrets(old, accounts);
    this.log(`${accounts.length} secrets moved from the ${provider} vault to the ${flags.to} vault.`);
    return { from: provider, to: flags.to, moved: accounts.length };
  }
}
