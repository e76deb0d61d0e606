import { readFileSync, statSync } from 'node:fs';

/** Who owns a directory, by name; null for root and for an owner without a name. */
export function ownerName(directory: string): string | null {
  const { uid } = statSync(directory);
  if (uid === 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  const found = accounts.map((line) => line.split(':')).find((fields) => fields[2] === String(uid));
  return found?.[0] ?? String(uid);
}
