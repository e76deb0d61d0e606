import { realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { AppError } from '../../contract/errors.ts';
import { secretAccount } from '../../contract/org.ts';
import type { SourceCode } from '../../contract/source-code.ts';
import type { ResolvedSource } from '../../contract/worker-protocol.ts';
import type { OperationParts } from './parts.ts';

/**
 * From names to places. Done when an operation is accepted, so that a mistake is heard at once, and again when it is
 * assigned, because a symlink, the configuration or an upload may have changed in between.
 */
export async function resolveSource(
  parts: Pick<OperationParts, 'store' | 'configuration' | 'paths' | 'now'>,
  tenant: string,
  source: SourceCode,
): Promise<ResolvedSource> {
  if ('git' in source) return resolveGit(parts, tenant, source.git);
  if ('upload' in source) return resolveUpload(parts, tenant, source.upload);
  return resolveDirectory(parts, source.directory);
}

function resolveGit(
  parts: Pick<OperationParts, 'configuration'>,
  tenant: string,
  git: Extract<SourceCode, { git: unknown }>['git'],
): ResolvedSource {
  const { repos } = parts.configuration();
  const repo = Object.hasOwn(repos, git.repo) ? repos[git.repo] : undefined;
  if (repo === undefined) {
    throw new AppError('unknown-repository', `No repository "${git.repo}" is declared.`);
  }
  return {
    kind: 'git',
    url: repo.url,
    ref: git.ref,
    path: git.path ?? null,
    secret: repo.secret === undefined ? null : secretAccount(tenant, repo.secret),
  };
}

async function resolveUpload(
  parts: Pick<OperationParts, 'store' | 'paths' | 'now'>,
  tenant: string,
  id: string,
): Promise<ResolvedSource> {
  const upload = await parts.store.getUpload(tenant, id, parts.now().toISOString());
  const file = join(parts.paths.uploads, id);
  const there = upload !== null && (await isA(file, 'file'));
  if (!there) throw new AppError('upload-missing', `The upload ${id} is not here, or it expired.`);
  return { kind: 'upload', file };
}

/** Compares real paths, so that neither `..` nor a symlink leads out. What exists outside the roots is not told. */
async function resolveDirectory(
  parts: Pick<OperationParts, 'configuration' | 'paths'>,
  directory: string,
): Promise<ResolvedSource> {
  const roots = await realPathsOf(parts.configuration().directories);
  const [real] = await realPathsOf([directory]);
  if (real !== undefined && roots.some((root) => lies(real, root)) && (await isA(real, 'directory'))) {
    if (!(await holdsSecrets(parts.paths, real))) return { kind: 'directory', directory: real };
  }
  throw new AppError(
    'directory-not-allowed',
    `The directory ${directory} is not, or not really, under a declared one.`,
  );
}

/** A root may be as wide as the whole machine: the vault and the work of others are never source code. */
async function holdsSecrets(paths: OperationParts['paths'], real: string): Promise<boolean> {
  const own = [dirname(paths.database), dirname(paths.controlDirectory), paths.work, paths.logs];
  return (await realPathsOf(own)).some((place) => lies(real, place) || lies(place, real));
}

function lies(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Of those that exist. */
async function realPathsOf(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => null)));
  return found.filter((path) => path !== null);
}

async function isA(path: string, kind: 'file' | 'directory'): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return kind === 'file' ? found?.isFile() === true : found?.isDirectory() === true;
}
