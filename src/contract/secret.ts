import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { Url } from './org-login.ts';

/** What a secret by name is for. */
export const SECRET_KINDS = ['plain', 'git-ssh', 'git-token', 'github-app', 'npm'] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/**
 * How the vault keeps a secret that is more than one text; a plain one is kept as it is.
 *
 * - `git-ssh`: a private key, and the host keys that it may be used with.
 * - `git-token`: a password or token for Git over HTTPS.
 * - `github-app`: the key of a GitHub app; a token of its installation is made each time, and lasts an hour.
 * - `npm`: a token of a registry of packages.
 */
const SecretOfParts = Type.Union([
  Type.Object({ kind: Type.Literal('git-ssh'), privateKey: Text(20_000), knownHosts: Text(60_000) }),
  Type.Object({ kind: Type.Literal('git-token'), username: Text(255), token: Text(20_000) }),
  Type.Object({
    kind: Type.Literal('github-app'),
    appId: Text(100),
    installationId: Text(30),
    privateKey: Text(20_000),
    apiUrl: Url,
  }),
  Type.Object({ kind: Type.Literal('npm'), registry: Url, token: Text(20_000) }),
]);

export type SecretOfParts = Static<typeof SecretOfParts>;
export type StoredSecret = SecretOfParts | { readonly kind: 'plain'; readonly text: string };

/** What the vault has, by its kind. */
export function parseSecret(text: string): StoredSecret {
  try {
    const value: unknown = JSON.parse(text);
    if (Value.Check(SecretOfParts, value)) return value;
  } catch {
    // Most plain secrets are no JSON.
  }
  return { kind: 'plain', text };
}

/** All of it that nobody may see; names of users, hosts and apps are none. */
export function secretParts(secret: StoredSecret): readonly string[] {
  switch (secret.kind) {
    case 'plain':
      return [secret.text];
    case 'git-ssh':
    case 'github-app':
      return [secret.privateKey];
    case 'git-token':
    case 'npm':
      return [secret.token];
  }
}
