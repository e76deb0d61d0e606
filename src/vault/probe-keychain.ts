import { randomBytes } from 'node:crypto';
import { openKeychain } from './keychain.ts';
import type { KeychainProbe } from './probe.ts';

/** The program that probeKeychain() forks: one round trip, one message. */
const answer = await roundTrip();
process.send?.(answer);

async function roundTrip(): Promise<KeychainProbe> {
  const account = `probe-${randomBytes(8).toString('hex')}`;
  const secret = randomBytes(16).toString('hex');
  try {
    const keychain = await openKeychain('sfp-server:probe');
    await keychain.set(account, secret);
    const found = await keychain.get(account);
    await keychain.remove(account);
    return found === secret ? { usable: true } : { usable: false, reason: 'it did not keep a secret' };
  } catch (error) {
    return { usable: false, reason: (error as Error).message };
  }
}
