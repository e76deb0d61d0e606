import { AppError } from '../contract/errors.ts';
import type { VaultReference } from '../contract/worker-protocol.ts';
import { openFileVault } from './file-vault.ts';
import { openKeychain } from './keychain.ts';
import type { Vault } from './vault.ts';

/** Longer than every account name that orgAccount() and secretAccount() make. */
const ACCOUNT_LIMIT = 200;

/** AppError `vault-unavailable` where the machine has no such vault; a locked keychain says so at its first use. */
export async function openVault(reference: VaultReference): Promise<Vault> {
  const vault = await openProvider(reference);
  return {
    provider: vault.provider,
    get: async (account) => vault.get(checked(account)),
    set: async (account, secret) => vault.set(checked(account), present(secret)),
    remove: async (account) => vault.remove(checked(account)),
    list: async (prefix) => vault.list(prefix),
  };
}

async function openProvider(reference: VaultReference): Promise<Vault> {
  switch (reference.provider) {
    case 'keychain':
      return openKeychain(reference.service);
    case 'file':
      return openFileVault(reference.directory);
    case 'command':
      return (await import('./command-vault.ts')).openCommandVault(reference.command);
  }
}

function checked(account: string): string {
  if (account.length > 0 && account.length <= ACCOUNT_LIMIT) return account;
  throw new AppError(
    'secret-invalid',
    `The name of a secret has 1 to ${ACCOUNT_LIMIT} characters, not ${account.length}.`,
  );
}

function present(secret: string): string {
  if (secret.length > 0) return secret;
  throw new AppError('secret-invalid', 'The secret is empty.');
}
