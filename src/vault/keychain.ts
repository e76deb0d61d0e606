import { AppError } from '../contract/errors.ts';
import type { Vault } from './vault.ts';

/** A keychain that waits for a person to unlock it would hold a worker for ever. */
const ANSWER_LIMIT_MS = 10_000;

/** The system's own keychain (macOS Keychain, Secret Service on Linux) through keytar. */
export async function openKeychain(service: string): Promise<Vault> {
  const keytar = await loadKeytar();
  return {
    provider: 'keychain',
    get: (account) => answered(keytar.getPassword(service, account)),
    set: (account, secret) => answered(keytar.setPassword(service, account, secret)),
    remove: (account) => answered(keytar.deletePassword(service, account)),
    async list(prefix) {
      const credentials = await answered(keytar.findCredentials(service));
      return credentials
        .map(({ account }) => account)
        .filter((account) => account.startsWith(prefix))
        .sort();
    },
  };
}

/** Imported at its first use: where libsecret is missing only the keychain fails, not the program. */
async function loadKeytar() {
  try {
    return (await import('keytar')).default;
  } catch (error) {
    throw new AppError('vault-unavailable', 'The keychain library cannot be loaded on this machine.', {
      cause: error,
      hint: 'Install libsecret (Debian and Ubuntu: apt-get install libsecret-1-0 gnome-keyring), or choose the file vault: vault: { provider: file }.',
    });
  }
}

async function answered<T>(call: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} seconds`)),
    ANSWER_LIMIT_MS,
  );
  try {
    return await Promise.race([call, limit.promise]);
  } catch (error) {
    const reason = (error as Error).message;
    throw new AppError('vault-unavailable', `The keychain did not answer: ${reason}.`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
