import type { VaultReference } from '../contract/worker-protocol.ts';

/** Long-lived secrets by account name, such as `org/default/uat`. */
export interface Vault {
  readonly provider: VaultReference['provider'];
  /** Null: nothing is stored. AppError `secret-damaged` where what is stored cannot be read. */
  get(account: string): Promise<string | null>;
  /** On disk, or in the keychain, when the promise resolves. */
  set(account: string, secret: string): Promise<void>;
  /** False: there was nothing to remove. */
  remove(account: string): Promise<boolean>;
  /** Account names that start with the prefix, sorted. */
  list(prefix: string): Promise<string[]>;
}
