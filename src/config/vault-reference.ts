import type { Configuration } from '../contract/configuration.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import { readConfiguration } from './file.ts';
import type { Paths } from './paths.ts';

/** Where this home's secrets are. The keychain's service name includes the home, so that two homes of one user never meet. */
export function vaultReference(configuration: Configuration, paths: Paths): VaultReference {
  return configuration.vault.provider === 'keychain'
    ? { provider: 'keychain', service: `sfp-server:${paths.home}` }
    : { provider: 'file', directory: paths.fileVault };
}

/** The same for those who have no configuration at hand. AppErrors of `readConfiguration`. */
export function readVaultReference(paths: Paths): VaultReference {
  return vaultReference(readConfiguration(paths), paths);
}
