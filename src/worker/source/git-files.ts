import { rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GitCredential } from './git-credential.ts';

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
  readonly credential: GitCredential | null;
}

export async function writeGitFiles({ home, url, credential }: GitFileWish): Promise<GitFiles> {
  const files = {
    configuration: join(home, 'gitconfig'),
    credentials: join(home, 'git-credentials'),
    key: join(home, 'git-key'),
    knownHosts: join(home, 'git-known-hosts'),
  };
  const write = (file: string, text: string): Promise<void> =>
    writeFile(file, text, { mode: 0o600, flag: 'w' });
  const remove = async (): Promise<void> => {
    await Promise.all(
      [files.credentials, files.key, files.knownHosts].map((file) => rm(file, { force: true })),
    );
  };
  await remove();
  const key = credential?.kind === 'key' ? credential : null;
  const password = credential?.kind === 'password' ? credential : null;
  if (key !== null) await write(files.key, `${key.privateKey.trim()}\n`);
  if (key !== null && key.knownHosts !== null) await write(files.knownHosts, `${key.knownHosts.trim()}\n`);
  if (password !== null) await write(files.credentials, credentialLines(password));
  await write(files.configuration, configuration(url, password === null ? null : files.credentials));
  const pinned = key?.knownHosts == null ? null : files.knownHosts;
  const knownHosts = pinned ?? join(userInfo().homedir, '.ssh', 'known_hosts');
  const ssh = sshCommand({ key: key && files.key, knownHosts, pinned: pinned !== null });
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

function credentialLines({ username, password }: Extract<GitCredential, { kind: 'password' }>): string {
  return `username=${oneLine(username)}\npassword=${oneLine(password)}\n`;
}

function oneLine(text: string): string {
  return text.trim().replace(/[\r\n]/g, '');
}

/** Unknown hosts are refused. Who they are says the secret; one that says nothing leaves it to the machine's known_hosts. */
function sshCommand(files: { key: string | null; knownHosts: string; pinned: boolean }): string {
  const own = files.key === null ? '' : ` -i ${shellQuoted(files.key)} -o IdentitiesOnly=yes`;
  const hosts = ` -o ${shellQuoted(`UserKnownHostsFile="${files.knownHosts}"`)}`;
  const only = files.pinned ? ' -o GlobalKnownHostsFile=/dev/null' : '';
  return `ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes${own}${hosts}${only}`;
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
