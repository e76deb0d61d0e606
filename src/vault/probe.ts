import { fork } from 'node:child_process';
import { programUrl } from '../contract/programs.ts';

const LIMIT_MS = 5_000;

export type KeychainProbe = { readonly usable: true } | { readonly usable: false; readonly reason: string };

/**
 * Whether this machine's keychain keeps a secret, by writing, reading and removing one. It runs in a child process: a
 * keychain that waits for a person to unlock it holds a thread that nothing else could end.
 */
export async function probeKeychain(limitMs: number = LIMIT_MS): Promise<KeychainProbe> {
  const child = fork(programUrl(import.meta.url, 'vault/probe-keychain'), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  const { promise, resolve } = Promise.withResolvers<KeychainProbe>();
  const timer = setTimeout(
    () => resolve({ usable: false, reason: `no answer within ${limitMs / 1000} seconds` }),
    limitMs,
  );
  child.on('message', (message) => resolve(message as KeychainProbe));
  child.on('error', (error) => resolve({ usable: false, reason: error.message }));
  child.on('disconnect', () => resolve({ usable: false, reason: 'the keychain library ended the probe' }));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}
