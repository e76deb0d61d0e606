import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What each area of src/ may import from the others; the same table stands in docs/architecture.md. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  contract: [],
  config: ['contract'],
  edge: ['contract', 'config'],
  vault: ['contract'],
  client: ['contract', 'config'],
  cli: ['contract', 'config', 'client'],
  tui: ['contract', 'client'],
  worker: ['contract', 'vault'],
  daemon: ['contract', 'config'],
  commands: ['cli', 'client', 'tui', 'edge', 'vault', 'config', 'contract'],
};

/** Arrows that only these files may draw beyond the table. */
const EXCEPTIONS: Record<string, readonly string[]> = {
  'src/daemon/hooks/receive.ts': ['vault'],
  'src/commands/start.ts': ['daemon/main'],
  'src/commands/backup.ts': ['daemon/offline'],
  'src/commands/restore.ts': ['daemon/offline'],
};

/** Inside the daemon: which parts each part may import. `app`, `main` put everything together. */
const DAEMON_MAY_IMPORT: Record<string, readonly string[]> = {
  store: [],
  access: ['store'],
  events: ['store'],
  operations: ['store', 'events'],
  hooks: ['store', 'operations'],
  schedules: ['store', 'operations'],
  http: ['store', 'hooks', 'operations', 'events', 'access'],
  dispatch: ['store', 'operations', 'events'],
  upkeep: ['store', 'operations', 'dispatch'],
};

/** Packages that only one area may touch. */
const OWNERS: Record<string, readonly string[]> = {
  'better-sqlite3': ['src/daemon/store/'],
  'better-queue': ['src/daemon/dispatch/'],
  fastify: ['src/daemon/http/', 'src/daemon/app.ts', 'src/daemon/build-app.ts'],
  '@fastify/websocket': ['src/daemon/http/'],
  keytar: ['src/vault/'],
  croner: ['src/config/cron.ts'],
  jsforce: ['src/worker/salesforce/'],
  '@salesforce/source-deploy-retrieve': ['src/worker/source/'],
  ink: ['src/tui/'],
  '@oclif/core': ['src/cli/', 'src/commands/'],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => /\.tsx?$/.test(file) && existsSync(file));
const imports = files.flatMap(importsOf);
const inside = imports.filter((one) => one.to.startsWith('src/'));

describe('the architecture', () => {
  test('every file lies in a known area', () => {
    expect(files.filter((file) => !(areaOf(file) in MAY_IMPORT))).toEqual([]);
  });

  test('every import follows an arrow between areas', () => {
    expect(inside.filter((one) => !areaArrow(one)).map(show)).toEqual([]);
  });

  test('every import inside the daemon follows an arrow between its parts', () => {
    const within = inside.filter((one) => areaOf(one.from) === 'daemon' && areaOf(one.to) === 'daemon');
    expect(within.filter((one) => !daemonArrow(one)).map(show)).toEqual([]);
  });

  test('the contract has no I/O', () => {
    const outside = imports.filter((one) => areaOf(one.from) === 'contract' && !one.to.startsWith('src/'));
    expect(outside.filter((one) => !/^typebox(\/|$)/.test(one.to)).map(show)).toEqual([]);
  });

  test('a package that has an owner is imported nowhere else', () => {
    const strangers = imports.filter(({ from, to }) => {
      const owner = OWNERS[packageOf(to)];
      return owner !== undefined && !owner.some((place) => from.startsWith(place));
    });
    expect(strangers.map(show)).toEqual([]);
  });

  test('only src/config reads the environment', () => {
    const readers = files.filter((file) => /process\.env\b/.test(code(file)) && areaOf(file) !== 'config');
    expect(readers).toEqual([]);
  });

  test('SQL stands only in the store', () => {
    const statement = /\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b/s;
    const daemon = files.filter((file) => areaOf(file) === 'daemon' && partOf(file) !== 'store');
    expect(daemon.filter((file) => statement.test(code(file)))).toEqual([]);
  });

  test('no import goes round in a circle', () => {
    expect(circles(inside)).toEqual([]);
  });

  test('no drawer is called utils, helpers or common', () => {
    expect(
      files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|services)(\.tsx?$|\/)/.test(file)),
    ).toEqual([]);
  });

  test('no file is longer than 250 lines', () => {
    const long = files.map((file) => [file, readFileSync(file, 'utf8').split('\n').length - 1] as const);
    expect(long.filter(([, lines]) => lines > 250)).toEqual([]);
  });
});

function importsOf(file: string): Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g;
  return [...code(file).matchAll(pattern)].map((match) => {
    const to = match[1] ?? match[2] ?? match[3] ?? '';
    return { from: file, to: to.startsWith('.') ? normalize(join(dirname(file), to)) : to };
  });
}

function code(file: string): string {
  return readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '');
}

function areaOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function partOf(file: string): string {
  return file.split('/')[2] ?? '';
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

function areaArrow({ from, to }: Import): boolean {
  const [area, target] = [areaOf(from), areaOf(to)];
  if (area === target || MAY_IMPORT[area]?.includes(target)) return true;
  return EXCEPTIONS[from]?.some((one) => to.startsWith(`src/${one}`)) ?? false;
}

function daemonArrow({ from, to }: Import): boolean {
  const [part, target] = [partOf(from), partOf(to)];
  if (part === target || part.endsWith('.ts')) return true;
  return DAEMON_MAY_IMPORT[part]?.includes(target) ?? false;
}

function circles(all: readonly Import[]): string[] {
  const next = Map.groupBy(all, (one) => one.from);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const one of next.get(file) ?? []) walk(one.to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) walk(file, []);
  return found;
}

function show({ from, to }: Import): string {
  return `${from} -> ${to}`;
}
