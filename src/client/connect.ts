import { readFileSync } from 'node:fs';
import type { Environment } from '../config/environment.ts';
import { AppError } from '../contract/errors.ts';
import { DEFAULT_TENANT } from '../contract/values.ts';

/**
 * Where the server is and who we are there. The control key is new at each start of the daemon, so its file stands here:
 * it is read again at each request and each connect.
 */
export type Connection =
  | {
      readonly kind: 'socket';
      readonly socketPath: string;
      readonly keyFile: string;
      readonly tenant: string;
    }
  | { readonly kind: 'url'; readonly url: string; readonly token: string | null };

/** The server that the flags or the environment name; without one, the daemon of this machine's home. */
export function connectionOf(
  environment: Environment,
  options: { readonly server?: string | undefined; readonly tenant?: string | undefined } = {},
): Connection {
  const server = options.server ?? environment.serverUrl;
  if (server !== null) return { kind: 'url', url: checkedUrl(server), token: environment.serverToken };
  return {
    kind: 'socket',
    socketPath: environment.paths.controlSocket,
    keyFile: environment.paths.controlKey,
    tenant: options.tenant ?? DEFAULT_TENANT,
  };
}

/** What says who we are, read when it is needed. */
export function credentialHeaders(connection: Connection): Record<string, string> {
  if (connection.kind === 'socket') {
    return { authorization: `Bearer ${readKey(connection)}`, 'sfp-tenant': connection.tenant };
  }
  return connection.token === null ? {} : { authorization: `Bearer ${connection.token}` };
}

/** A daemon that has just started wrote a new key after we had read the old one: being refused then means nothing. */
export function credentialsChanged(connection: Connection, sent: Record<string, string>): boolean {
  return (
    connection.kind === 'socket' && credentialHeaders(connection)['authorization'] !== sent['authorization']
  );
}

/** Nobody answered where the server should be. */
export function unreachable(connection: Connection, cause: unknown): AppError {
  if (connection.kind === 'socket') {
    const detail = `No sfp-server daemon runs for ${homeOf(connection)}.`;
    return new AppError('daemon-not-running', detail, { cause });
  }
  const reason = cause instanceof Error ? messageOf(cause) : String(cause);
  return new AppError('server-unreachable', `${connection.url} could not be reached: ${reason}`, {
    cause,
    ...tlsHint(cause),
  });
}

function checkedUrl(server: string): string {
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new AppError('invalid-request', `"${server}" is no server URL.`, {
      hint: 'Give it as https://host[:port].',
    });
  }
  return server.replace(/\/+$/, '');
}

function readKey(connection: Extract<Connection, { kind: 'socket' }>): string {
  try {
    return readFileSync(connection.keyFile, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw unreachable(connection, cause);
    throw new AppError('forbidden', `${connection.keyFile} is readable only by the owner of the server.`, {
      cause,
      hint: 'Run this as the user that runs the server, or use --server with an API token.',
    });
  }
}

/** The home, as people know it; the socket lies in its run/control/. */
function homeOf(connection: Extract<Connection, { kind: 'socket' }>): string {
  return connection.socketPath.replace(/\/run\/control\/[^/]*$/, '');
}

function messageOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code?.startsWith('ERR_SSL')) return `the TLS handshake failed (${code}).`; // OpenSSL's own words name its source code
  return `${error.message || code || error.name}`.replace(/\.?$/, '.');
}

function tlsHint(cause: unknown): { hint?: string } {
  const code = String((cause as NodeJS.ErrnoException | null)?.code ?? '');
  if (code.startsWith('ERR_SSL')) {
    return { hint: "Use the host name and the port that edge: in the server's sfp-server.yaml has." };
  }
  return /CERT|SIGNATURE|ISSUER/.test(code)
    ? { hint: 'Trust its certificate: NODE_EXTRA_CA_CERTS=/path/to/root.crt.' }
    : {};
}
