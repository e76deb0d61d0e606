import type { Configuration } from '../contract/configuration.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import type { Paths } from './paths.ts';

/** Where this home's secrets are. The keychain's service name includes the home, so that two homes of one user never meet. */
export function vaultReference(configuration: Configuration, paths: Paths): VaultReference {
  return configuration.vault.provider === 'keychain'
    ? { provider: 'keychain', service: `sfp-server:${paths.home}` }
    : { provider: 'file', directory: paths.fileVault };
}
