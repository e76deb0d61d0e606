import { rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files in the worker's private home that Git and ssh read; none of what they hold is in an argument or the environment. */
export interface GitFiles {
  readonly configuration: string;
  readonly sshCommand: string;
  /** Of the user that runs the server; ssh looks for it by the user's entry, whatever HOME says. */
  readonly knownHosts: string;
  remove(): Promise<void>;
}

export interface GitFileWish {
  readonly home: string;
  readonly url: string;
  /** A private key in PEM form, `user:token`, or a token alone. */
  readonly secret: string | null;
}

/** The user name that goes with a token alone: GitHub and GitLab take any, Bitbucket and Azure ask for one. */
const TOKEN_USER = 'x-access-token';

export async function writeGitFiles({ home, url, secret }: GitFileWish): Promise<GitFiles> {
  const files = {
    configuration: join(home, 'gitconfig'),
    credentials: join(home, 'git-credentials'),
    key: join(home, 'git-key'),
  };
  const isKey = secret?.startsWith('-----BEGIN') ?? false;
  const write = (file: string, text: string): Promise<void> =>
    writeFile(file, text, { mode: 0o600, flag: 'w' });
  const remove = async (): Promise<void> => {
    await Promise.all([files.credentials, files.key].map((file) => rm(file, { force: true })));
  };
  await remove();
  if (secret !== null && isKey) await write(files.key, `${secret.trim()}\n`);
  if (secret !== null && !isKey) await write(files.credentials, credentialLines(secret));
  await write(files.configuration, configuration(url, secret === null || isKey ? null : files.credentials));
  const knownHosts = join(userInfo().homedir, '.ssh', 'known_hosts');
  const ssh = sshCommand(isKey ? files.key : null, knownHosts);
  return { configuration: files.configuration, sshCommand: ssh, knownHosts, remove };
}

/** The only configuration of Git that counts: neither the machine's nor a person's nor the repository's is read for these. */
function configuration(url: string, credentials: string | null): string {
  const local = isLocal(url);
  return [
    section('core', {
      hooksPath: '/dev/null',
      symlinks: 'false',
      fsmonitor: 'false',
      attributesFile: '/dev/null',
    }),
    section('protocol', { allow: 'never' }),
    ...(local ? ['file'] : ['https', 'ssh']).map((name) =>
      section(`protocol "${name}"`, { allow: 'always' }),
    ),
    section('submodule', { recurse: 'false' }),
    section('advice', { detachedHead: 'false' }),
    section('gc', { auto: '0' }),
    // The repository was declared by the machine's owner, so its files may belong to somebody else.
    ...(local ? [section('safe', { directory: '*' })] : []),
    ...(credentials === null ? [] : [credentialSection(url, credentials)]),
  ].join('');
}

export function isLocal(url: string): boolean {
  return isAbsolute(url) || url.startsWith('file://');
}

export function localPath(url: string): string {
  return isAbsolute(url) ? url : fileURLToPath(url);
}

/** For this host alone: a redirect to another one gets nothing. */
function credentialSection(url: string, file: string): string {
  const origin = URL.canParse(url) ? new URL(url).origin : url;
  const helper = `!f() { test "$1" = get && cat ${shellQuoted(file)}; }; f`;
  return section(`credential "${origin}"`, { helper });
}

function credentialLines(secret: string): string {
  const at = secret.indexOf(':');
  const [user, token] = at > 0 ? [secret.slice(0, at), secret.slice(at + 1)] : [TOKEN_USER, secret];
  return `username=${oneLine(user)}\npassword=${oneLine(token)}\n`;
}

function oneLine(text: string): string {
  return text.trim().replace(/[\r\n]/g, '');
}

/** Unknown hosts are refused: the machine's owner puts them into known_hosts. */
function sshCommand(key: string | null, knownHosts: string): string {
  const own = key === null ? '' : ` -i ${shellQuoted(key)} -o IdentitiesOnly=yes`;
  const known = `-o UserKnownHostsFile=${shellQuoted(knownHosts)}`;
  return `ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes ${known}${own}`;
}

function section(name: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(
    ([key, value]) => `\t${key} = "${value.replace(/[\\"]/g, '\\$&')}"\n`,
  );
  return `[${name}]\n${lines.join('')}`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
