import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Environment } from '../../config/environment.ts';
import type { Paths } from '../../config/paths.ts';
import { AppError } from '../../contract/errors.ts';

/** Where a door listens: a unix socket in a directory of its own, or a TCP port inside a container. */
export type Place =
  | {
      readonly kind: 'socket';
      readonly path: string;
      readonly mode: number;
      readonly directoryMode: number;
      readonly group: string | null;
    }
  | { readonly kind: 'port'; readonly host: string; readonly port: number };

/** Only the user of the daemon gets in. */
export function controlPlace(paths: Paths): Place {
  return { kind: 'socket', path: paths.controlSocket, mode: 0o600, directoryMode: 0o700, group: null };
}

/** Caddy gets in through its group. */
export function edgePlace(paths: Paths, listen: Environment['listen'], group: string | undefined): Place {
  if (listen !== null) return { kind: 'port', ...listen };
  return { kind: 'socket', path: paths.edgeSocket, mode: 0o660, directoryMode: 0o750, group: group ?? null };
}

/** Opens a door. The caller holds the home's lock, so a socket that lies there belongs to nobody any more. */
export async function listen(app: FastifyInstance, place: Place): Promise<void> {
  if (place.kind === 'port') return listenOnPort(app, place);
  const group = place.group === null ? null : groupId(place.group);
  const directory = dirname(place.path);
  // its children guard themselves; Caddy's group must get past it
  mkdirSync(dirname(directory), { recursive: true, mode: 0o711 });
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o700);
  removeStaleSocket(place.path);
  await app.listen({ path: place.path });
  chmodSync(place.path, place.mode);
  if (group !== null) {
    giveToGroup(place.path, group);
    giveToGroup(directory, group);
  }
  // last, so that nobody comes in while the socket has the mode of the umask
  chmodSync(directory, place.directoryMode);
}

async function listenOnPort(app: FastifyInstance, place: Extract<Place, { kind: 'port' }>): Promise<void> {
  try {
    await app.listen({ host: place.host, port: place.port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new AppError('port-in-use', `Something listens on ${place.host}:${place.port} already.`, {
      cause: error,
    });
  }
}

function removeStaleSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new AppError('configuration-invalid', `${path} is in the way and is no socket.`, {
      hint: 'Move the file away and start again.',
    });
  }
  rmSync(path);
}

function groupId(name: string): number {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  if (line === undefined) {
    throw new AppError(
      'configuration-invalid',
      `edge.group is "${name}" and this machine has no such group.`,
    );
  }
  return Number(line.split(':')[2]);
}

function giveToGroup(path: string, group: number): void {
  try {
    chownSync(path, -1, group);
  } catch (error) {
    throw new AppError(
      'configuration-invalid',
      `${path} could not be given to the group ${group} of edge.group.`,
      { cause: error, hint: "Add the daemon's user to the group, or run the daemon as root." },
    );
  }
}
