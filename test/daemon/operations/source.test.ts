import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acceptOperation } from '../../../src/daemon/operations/accept.ts';
import { resolveSource } from '../../../src/daemon/operations/source.ts';
import { type MadeParts, makeParts, NOW, ORIGIN, OWNER } from './make-parts.ts';

const UPLOAD = 'up_01ARZ3NDEKTSV4RRFFQ69G5FAV';
let parts: MadeParts;
let disk: string;

beforeEach(async () => {
  parts = await makeParts();
  disk = mkdtempSync(join(tmpdir(), 'sfp-source-'));
  for (const name of ['allowed/project', 'allowed-not', 'outside'])
    mkdirSync(join(disk, name), { recursive: true });
  parts.settings = { ...parts.settings, directories: [join(disk, 'allowed')] };
});
afterEach(async () => {
  await parts.close();
  rmSync(disk, { recursive: true, force: true });
});

describe('a directory', () => {
  test.each(['allowed', 'allowed/project', 'allowed/project/..', 'outside/../allowed/project/'])(
    'under a root is resolved: %s',
    async (name) => {
      const resolved = await resolve(`${disk}/${name}`);
      expect(resolved).toEqual({
        kind: 'directory',
        directory: expect.stringMatching(`^${disk}/allowed(/project)?$`),
      });
    },
  );

  test.each(['outside', 'allowed-not', 'allowed/..', 'allowed/../outside', 'allowed/nothing', ''])(
    'that is not under a root is refused: %s',
    async (name) => {
      await expect(resolve(`${disk}/${name}`)).rejects.toMatchObject({ code: 'directory-not-allowed' });
    },
  );

  test('that leads out by a symlink is refused, whole or in part', async () => {
    symlinkSync(join(disk, 'outside'), join(disk, 'allowed/link'));
    mkdirSync(join(disk, 'outside/inner'));
    for (const name of ['allowed/link', 'allowed/link/inner']) {
      await expect(resolve(join(disk, name))).rejects.toMatchObject({ code: 'directory-not-allowed' });
    }
  });

  test('is its real path, also where the root is a symlink', async () => {
    symlinkSync(join(disk, 'allowed'), join(disk, 'root'));
    parts.settings = { ...parts.settings, directories: [join(disk, 'root')] };
    expect(await resolve(join(disk, 'root/project'))).toEqual({
      kind: 'directory',
      directory: join(disk, 'allowed/project'),
    });
  });

  test('that became a symlink after it was accepted is refused when it is resolved again', async () => {
    const source = { directory: join(disk, 'allowed/project') };
    const request = { task: 'salesforce.deploy', org: 'uat', input: { source } };
    await acceptOperation(parts, OWNER, request, { idempotencyKey: null, origin: ORIGIN });
    rmSync(source.directory, { recursive: true });
    symlinkSync(join(disk, 'outside'), source.directory);
    await expect(resolve(source.directory)).rejects.toMatchObject({ code: 'directory-not-allowed' });
  });

  test('is no file, and a missing root is no mistake of the others', async () => {
    writeFileSync(join(disk, 'allowed/file'), '');
    await expect(resolve(join(disk, 'allowed/file'))).rejects.toMatchObject({
      code: 'directory-not-allowed',
    });
    parts.settings = { ...parts.settings, directories: ['/not/here', join(disk, 'allowed')] };
    expect(await resolve(join(disk, 'allowed'))).toMatchObject({ kind: 'directory' });
  });

  test('may be anywhere where the root of the system was declared', async () => {
    parts.settings = { ...parts.settings, directories: ['/'] };
    expect(await resolve(join(disk, 'outside'))).toEqual({
      kind: 'directory',
      directory: join(disk, 'outside'),
    });
  });
});

describe("a directory of the server's own", () => {
  test('is no source code, whole or in part, however wide the declared root is', async () => {
    const { home, database, uploads } = parts.paths;
    parts.settings = { ...parts.settings, directories: ['/'] };
    mkdirSync(uploads, { recursive: true });
    for (const directory of [home, join(database, '..'), uploads, join(home, '..'), '/']) {
      await expect(resolve(directory), directory).rejects.toMatchObject({ code: 'directory-not-allowed' });
    }
    mkdirSync(join(home, 'projects'));
    expect(await resolve(join(home, 'projects'))).toMatchObject({ kind: 'directory' });
  });
});

describe('a repository', () => {
  test('becomes its address and the place of its secret', async () => {
    parts.settings = {
      ...parts.settings,
      repos: {
        crm: { url: 'https://example.com/crm.git', secret: 'github' },
        open: { url: 'https://example.com/open.git' },
      },
    };
    expect(
      await resolveSource(parts, 'acme', { git: { repo: 'crm', ref: 'main', path: 'force-app' } }),
    ).toEqual({
      kind: 'git',
      url: 'https://example.com/crm.git',
      ref: 'main',
      path: 'force-app',
      secret: 'secret/acme/github',
    });
    expect(await resolveSource(parts, 'acme', { git: { repo: 'open', ref: 'main' } })).toMatchObject({
      path: null,
      secret: null,
    });
  });
});

describe('an upload', () => {
  beforeEach(async () => {
    const expiresAt = new Date(NOW.getTime() + 1_000).toISOString();
    await parts.store.recordUpload({
      id: UPLOAD,
      tenant: 'default',
      sha256: 'x',
      bytes: 3,
      createdAt: NOW.toISOString(),
      expiresAt,
    });
    writeFileSync(join(parts.paths.uploads, UPLOAD), 'zip');
  });

  test('becomes its file', async () => {
    expect(await resolveSource(parts, 'default', { upload: UPLOAD })).toEqual({
      kind: 'upload',
      file: join(parts.paths.uploads, UPLOAD),
    });
  });

  test('of another tenant, an expired one and one without its file are missing', async () => {
    await expect(resolveSource(parts, 'other', { upload: UPLOAD })).rejects.toMatchObject({
      code: 'upload-missing',
    });
    const later = { ...parts, now: () => new Date(NOW.getTime() + 2_000) };
    await expect(resolveSource(later, 'default', { upload: UPLOAD })).rejects.toMatchObject({
      code: 'upload-missing',
    });
    rmSync(join(parts.paths.uploads, UPLOAD));
    await expect(resolveSource(parts, 'default', { upload: UPLOAD })).rejects.toMatchObject({
      code: 'upload-missing',
    });
  });
});

async function resolve(directory: string) {
  return resolveSource(parts, 'default', { directory });
}
