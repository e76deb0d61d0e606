import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { AppError } from '../contract/errors.ts';

/** Linux: `sun_path` holds 108 bytes with its final zero (unix(7)). */
const SOCKET_PATH_LIMIT_BYTES = 107;

/** Every place of one server, all below its home. */
export interface Paths {
  readonly home: string;
  readonly configuration: string;
  readonly caddyfile: string;
  readonly database: string;
  readonly lock: string;
  readonly uploads: string;
  /** What commands keep, by operation. */
  readonly artifacts: string;
  /** Programs that commands use; each is made once and never changed. */
  readonly tools: string;
  readonly fileVault: string;
  readonly controlDirectory: string;
  readonly controlSocket: string;
  readonly controlKey: string;
  readonly edgeDirectory: string;
  readonly edgeSocket: string;
  readonly caddyData: string;
  readonly caddyAdmin: string;
  /** V8's compiled code of the worker: can be made again at any time. */
  readonly compiledCode: string;
  /** Where the control groups of this home's workers are: for whoever starts after a kill -9. */
  readonly cgroups: string;
  readonly logs: string;
  readonly work: string;
}

export function pathsOf(home: string): Paths {
  const absolute = isAbsolute(home) ? home : resolve(home);
  const controlDirectory = join(absolute, 'run', 'control');
  const edgeDirectory = join(absolute, 'run', 'edge');
  return {
    home: absolute,
    configuration: join(absolute, 'sfp-server.yaml'),
    caddyfile: join(absolute, 'Caddyfile'),
    database: join(absolute, 'state', 'operations.db'),
    lock: join(absolute, 'state', 'daemon.lock'),
    uploads: join(absolute, 'state', 'uploads'),
    artifacts: join(absolute, 'state', 'artifacts'),
    tools: join(absolute, 'state', 'tools'),
    fileVault: join(absolute, 'state', 'vault'),
    controlDirectory,
    controlSocket: socketPath(join(controlDirectory, 'control.sock')),
    controlKey: join(controlDirectory, 'control.key'),
    edgeDirectory,
    edgeSocket: socketPath(join(edgeDirectory, 'edge.sock')),
    caddyData: join(absolute, 'state', 'caddy'),
    caddyAdmin: socketPath(join(controlDirectory, 'caddy.sock')),
    compiledCode: join(absolute, 'state', 'compiled'),
    cgroups: join(absolute, 'run', 'control', 'cgroups'),
    logs: join(absolute, 'logs'),
    work: join(absolute, 'work'),
  };
}

/** The default home: where XDG puts the data of a user's programs. */
export function defaultHome(environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'sfp-server');
}

function socketPath(path: string): string {
  const bytes = Buffer.byteLength(path);
  if (bytes <= SOCKET_PATH_LIMIT_BYTES) return path;
  throw new AppError(
    'socket-path-too-long',
    `The socket path ${path} has ${bytes} bytes and the system allows ${SOCKET_PATH_LIMIT_BYTES}.`,
  );
}
