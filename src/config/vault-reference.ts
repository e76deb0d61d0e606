import type { Configuration } from '../contract/configuration.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import { readConfiguration } from './file.ts';
import type { Paths } from './paths.ts';

/** Where this home's secrets are. The keychain's service name includes the home, so that two homes of one user never meet. */
export function vaultReference(configuration: Configuration, paths: Paths): VaultReference {
  const { provider, command = [] } = configuration.vault;
  switch (provider) {
    case 'keychain':
      return { provider, service: `sfp-server:${paths.home}` };
    case 'file':
      return { provider, directory: paths.fileVault };
    case 'command':
      return { provider, command: [...command] };
  }
}

/** The same for those who have no configuration at hand. AppErrors of `readConfiguration`. */
export function readVaultReference(paths: Paths): VaultReference {
  return vaultReference(readConfiguration(paths), paths);
}
