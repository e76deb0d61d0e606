import { AppError } from '../../contract/errors.ts';
import { parseSecret, type StoredSecret, secretParts } from '../../contract/secret.ts';
import type { Work } from '../work.ts';
import { installationToken } from './github-app.ts';

/** What Git is given for one repository. */
export type GitCredential =
  | {
      readonly kind: 'key';
      readonly privateKey: string;
      /** Null: those that this machine knows. */
      readonly knownHosts: string | null;
    }
  | { readonly kind: 'password'; readonly username: string; readonly password: string };

/** The user name that goes with a token alone: GitHub and GitLab take any, Bitbucket and Azure ask for one. */
const TOKEN_USER = 'x-access-token';

/** AppErrors secret-missing, secret-invalid, and those of a GitHub app. */
export async function readGitCredential(work: Work, account: string): Promise<GitCredential> {
  const text = await (await work.vault()).get(account);
  if (text === null) throw new AppError('secret-missing', `The vault has no secret ${account}.`);
  const secret = parseSecret(text);
  for (const part of secretParts(secret)) work.hide(part);
  const credential = await credentialOf(work, account, secret);
  if (credential.kind === 'password') work.hide(credential.password);
  return credential;
}

async function credentialOf(work: Work, account: string, secret: StoredSecret): Promise<GitCredential> {
  switch (secret.kind) {
    case 'git-ssh':
      return { ...secret, kind: 'key' };
    case 'git-token':
      return { kind: 'password', username: secret.username, password: secret.token };
    case 'github-app':
      return {
        kind: 'password',
        username: TOKEN_USER,
        password: await installationToken(secret, work.signal),
      };
    case 'plain':
      return ofText(secret.text);
    case 'npm':
      throw new AppError('secret-invalid', `The secret ${account} is of kind npm, which is none for Git.`, {
        hint: 'Store one of kind git-ssh, git-token or github-app: sfp-server secret set NAME --kind …',
      });
  }
}

/** A private key in PEM form, `user:token`, or a token alone. */
function ofText(text: string): GitCredential {
  if (text.startsWith('-----BEGIN')) return { kind: 'key', privateKey: text, knownHosts: null };
  const at = text.indexOf(':');
  return at > 0
    ? { kind: 'password', username: text.slice(0, at), password: text.slice(at + 1) }
    : { kind: 'password', username: TOKEN_USER, password: text };
}
