import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface NpmRegistry {
  readonly url: string;
  /** How often somebody asked for something. */
  readonly requests: () => number;
  stop(): Promise<void>;
}

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

/** As much of an npm registry as `npm install` asks. */
export async function startNpmRegistry(packages: readonly NpmPackage[]): Promise<NpmRegistry> {
  let requests = 0;
  const archives = new Map(packages.map((one) => [one.name, { ...one, archive: pack(one) }]));
  const server = createServer((request, response) => {
    requests += 1;
    const path = decodeURIComponent(request.url ?? '/').slice(1);
    const wanted = archives.get(path.replace(/\/-\/.*$/, ''));
    if (wanted === undefined) return void response.writeHead(404).end('{}');
    if (path.includes('/-/')) return void response.end(wanted.archive);
    const { archive, files: _files, name, version, ...manifest } = wanted;
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const dist = { tarball: `${url}/${name}/-/archive.tgz`, integrity };
    const versions = { [version]: { name, version, ...manifest, dist } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests: () => requests,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function pack({ files, ...manifest }: NpmPackage): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'sfp-npm-'));
  try {
    mkdirSync(join(directory, 'package'));
    writeFileSync(join(directory, 'package', 'package.json'), JSON.stringify(manifest));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'package', name), text);
    execFileSync('tar', ['czf', join(directory, 'archive.tgz'), '-C', directory, 'package']);
    return readFileSync(join(directory, 'archive.tgz'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
