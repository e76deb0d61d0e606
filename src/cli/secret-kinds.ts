import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppError } from '../contract/errors.ts';
import type { SecretKind, SecretOfParts } from '../contract/secret.ts';
import { salesforceUrl } from './salesforce-url.ts';
import { unreadable } from './unreadable.ts';

/** What goes with a secret and is none itself. */
export interface SecretDetails {
  readonly username: string | undefined;
  readonly knownHosts: string | undefined;
  readonly appId: string | undefined;
  readonly installationId: string | undefined;
  readonly url: string | undefined;
}

/** As the vault keeps it. AppErrors secret-invalid and invalid-request; no message repeats the secret. */
export async function secretOfKind(kind: SecretKind, text: string, details: SecretDetails): Promise<string> {
  const secret = await partsOf(kind, text, details);
  return secret === null ? text : JSON.stringify(secret);
}

async function partsOf(
  kind: SecretKind,
  text: string,
  details: SecretDetails,
): Promise<SecretOfParts | null> {
  switch (kind) {
    case 'plain':
      return null;
    case 'git-ssh': {
      const file = needed(details.knownHosts, '--known-hosts FILE');
      return { kind, privateKey: sshKey(text), knownHosts: await readKnownHosts(file) };
    }
    case 'git-token':
      return { kind, username: details.username ?? 'x-access-token', token: oneWord(text) };
    case 'github-app':
      return {
        kind,
        appId: pattern(
          needed(details.appId, '--app-id ID'),
          /^(\d{1,20}|Iv[\w.]{10,60})$/,
          'id of a GitHub app',
        ),
        installationId: pattern(
          needed(details.installationId, '--installation-id ID'),
          /^\d{1,20}$/,
          'id of an installation',
        ),
        privateKey: rsaKey(text),
        apiUrl: address(details.url ?? 'https://api.github.com'),
      };
    case 'npm':
      return { kind, registry: address(details.url ?? 'https://registry.npmjs.org'), token: oneWord(text) };
  }
}

function needed(value: string | undefined, flag: string): string {
  if (value !== undefined) return value;
  throw new AppError('invalid-request', `A secret of this kind needs ${flag}.`);
}

function pattern(value: string, form: RegExp, what: string): string {
  if (form.test(value)) return value;
  throw new AppError('invalid-request', `"${value}" is no ${what}.`);
}

function address(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url !== null &&
    salesforceUrl(url.origin) !== null &&
    `${url.username}${url.password}${url.search}` === ''
  ) {
    return text;
  }
  throw new AppError('invalid-request', `"${text}" is no address.`, { hint: 'Give it as https://host.' });
}

function oneWord(text: string): string {
  const word = text.trim();
  if (/^[\x21-\x7e]{4,}$/.test(word)) return word;
  throw invalid('This is no token: a token is one word.', 'Give the token alone.');
}

function rsaKey(text: string): string {
  try {
    if (createPrivateKey(text).asymmetricKeyType === 'rsa') return text;
  } catch {
    // What OpenSSL says about it could quote it.
  }
  throw invalid(
    'This is no RSA private key in PEM form.',
    "Give the .pem file that GitHub made for the app's key.",
  );
}

/** ssh reads PEM and its own form; nobody is there to type a passphrase. */
function sshKey(text: string): string {
  const key = text.replaceAll('\r\n', '\n').trim();
  const found = /^-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----\n([\s\S]+)\n-----END \1-----$/.exec(key);
  if (found === null) {
    throw invalid('This is no private key for ssh.', "Make one with: ssh-keygen -t ed25519 -N '' -f key");
  }
  const [, label = '', body = ''] = found;
  const encrypted = label.startsWith('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(body);
  if (!encrypted && !(label.startsWith('OPENSSH') && hasPassphrase(body))) return key;
  throw invalid('The private key has a passphrase.', "Remove it with: ssh-keygen -p -N '' -f KEY");
}

/** `openssh-key-v1`, a zero, then the name of the cipher with its length; `none`: no passphrase. */
function hasPassphrase(body: string): boolean {
  const bytes = Buffer.from(body, 'base64');
  const at = 'openssh-key-v1\0'.length;
  if (bytes.length < at + 8) return true;
  return bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)).toString('latin1') !== 'none';
}

async function readKnownHosts(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new AppError('secret-invalid', `${file} ${unreadable(cause)}.`, { cause });
  });
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const known = /^(@cert-authority \S+|\S+) (ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/]+={0,2}(\s.*)?$/;
  if (lines.length > 0 && lines.every((line) => known.test(line.trim()))) return `${lines.join('\n')}\n`;
  throw invalid(
    `${file} holds no host keys as ssh knows them.`,
    'Get them with: ssh-keyscan HOST > FILE, and compare their fingerprints with those that the host publishes.',
  );
}

function invalid(detail: string, hint: string): AppError {
  return new AppError('secret-invalid', detail, { hint });
}
