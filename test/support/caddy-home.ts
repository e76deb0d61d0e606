import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Paths, pathsOf } from '../../src/config/paths.ts';
import { type Configuration, DEFAULT_CONFIGURATION } from '../../src/contract/configuration.ts';

/** A home in a temporary directory, as `init` makes it, as far as Caddy needs it. */
export function temporaryHome(): { readonly paths: Paths; remove(): void } {
  const home = mkdtempSync(join(tmpdir(), 'sfp-edge-'));
  const paths = pathsOf(home);
  for (const directory of [paths.edgeDirectory, paths.controlDirectory, paths.caddyData, paths.logs]) {
    mkdirSync(directory, { recursive: true });
  }
  return { paths, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** A port that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function edgeConfiguration(edge: Partial<Configuration['edge']>): Configuration {
  return { ...DEFAULT_CONFIGURATION, edge: { ...DEFAULT_CONFIGURATION.edge, ...edge } };
}

/** Answers every request at the edge door's place with what arrived. */
export async function startEcho(socketPath: string): Promise<Server> {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('error', () => response.destroy());
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('server', 'upstream');
      response.end(
        JSON.stringify({ method: request.method, url: request.url, headers: request.headers, bytes }),
      );
    });
  });
  if (existsSync(socketPath)) rmSync(socketPath);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return server;
}
