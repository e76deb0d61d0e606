import { AppError } from '../contract/errors.ts';
import type { Vault } from './vault.ts';

/** Copies every secret and reads each one back; answers the accounts. Nothing is removed. */
export async function copySecrets(from: Vault, to: Vault): Promise<readonly string[]> {
  const accounts = await from.list('');
  for (const account of accounts) {
    const secret = await from.get(account);
    if (secret === null) continue;
    await to.set(account, secret);
    if ((await to.get(account)) !== secret) {
      throw new AppError('vault-unavailable', `The ${to.provider} vault did not keep the secret ${account}.`);
    }
  }
  return accounts;
}

export async function removeSecrets(vault: Vault, accounts: readonly string[]): Promise<void> {
  for (const account of accounts) await vault.remove(account);
}
