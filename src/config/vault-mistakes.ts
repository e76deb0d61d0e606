import type { Configuration } from '../contract/configuration.ts';
import type { Mistake } from './place.ts';

/** What the schema cannot say of the vault. */
export function vaultMistakes({ vault }: Configuration): readonly Mistake[] {
  if (vault.provider !== 'command' || vault.command !== undefined) return [];
  const message = 'the provider command needs vault.command: [PROGRAM, …]';
  return [{ path: ['vault', 'provider'], at: 'value', message }];
}
