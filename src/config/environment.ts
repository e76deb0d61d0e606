import { AppError } from '../contract/errors.ts';
import { PROXY_VARIABLES } from '../contract/proxies.ts';
import { WORKER_MARKER } from '../contract/worker-protocol.ts';
import { handedDown } from './handed-down.ts';
import { defaultHome, type Paths, pathsOf } from './paths.ts';

/** Everything that this program takes from its environment; nothing else reads process.env. */
export interface Environment {
  readonly paths: Paths;
  /** A remote server for the CLI; null: the daemon of this machine. */
  readonly serverUrl: string | null;
  readonly serverToken: string | null;
  /** `host:port` for the edge door inside containers; null: its unix socket. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly noColor: boolean;
}

export function readEnvironment(environment: NodeJS.ProcessEnv = process.env): Environment {
  return {
    paths: pathsOf(environment['SFP_SERVER_HOME'] || defaultHome(environment)),
    serverUrl: environment['SFP_SERVER_URL'] || null,
    serverToken: environment['SFP_SERVER_TOKEN'] || null,
    listen: readListen(environment['SFP_SERVER_LISTEN']),
    noColor: (environment['NO_COLOR'] ?? '') !== '',
  };
}

function readListen(value: string | undefined): Environment['listen'] {
  if (!value) return null;
  const at = value.lastIndexOf(':');
  const port = Number(value.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new AppError('configuration-invalid', `SFP_SERVER_LISTEN is "${value}" and must be host:port.`);
  }
  return { host: value.slice(0, at), port };
}

/** What a worker's environment may take over from the daemon's: where programs and certificates are, proxies, the keychain's bus. */
const HANDED_DOWN = [
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  ...PROXY_VARIABLES,
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
] as const;

/** What programs that are not ours take over: no way to the keychain's bus. */
const HANDED_TO_PROGRAMS = HANDED_DOWN.filter((name) => !/^(DBUS|XDG)_/.test(name));

export function programEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return handedDown(environment, HANDED_TO_PROGRAMS);
}

/** For npm, which runs what packages bring where they may: the settings of its user, and nothing else of the shell's. */
export function npmEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const settings = Object.keys(environment).filter((name) => /^npm_config_/i.test(name));
  return handedDown(environment, [...HANDED_TO_PROGRAMS, 'HOME', ...settings]);
}

/** The address of the keychain's bus; empty: none is named. */
export function keychainBus(environment: NodeJS.ProcessEnv = process.env): string {
  return environment['DBUS_SESSION_BUS_ADDRESS'] ?? '';
}

/** The explicit environment of one worker: its own HOME and TMPDIR, its marker, and a short list. */
export function workerEnvironment(
  own: { readonly home: string; readonly temporary: string; readonly marker: string },
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  return {
    ...handedDown(environment, HANDED_DOWN),
    HOME: own.home,
    TMPDIR: own.temporary,
    // The converter of source format would write a log through a thread, which a worker may not start.
    SF_DISABLE_LOG_FILE: 'true',
    SF_DISABLE_TELEMETRY: 'true',
    [WORKER_MARKER]: own.marker,
  };
}
