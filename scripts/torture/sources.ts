import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCode } from '../../src/contract/source-code.ts';
import { sampleProject, writeMetadata } from '../../test/support/sample-project.ts';
import type { Wish } from './plan.ts';

/** Source code for every deployment, each with a class of its own: the org's record then tells whose deployment it has. */
export interface Sources {
  readonly root: string;
  readonly repository: string;
  make(wishes: readonly Wish[]): void;
  of(wish: Wish): SourceCode;
  remove(): void;
}

export const REPO = 'crm';

export function createSources(): Sources {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sfp-torture-')));
  const repository = join(root, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet', '--initial-branch=main');
  return {
    root,
    repository,
    make(wishes) {
      // What the rounds before left would make each checkout slower than the last.
      for (const name of readdirSync(root)) if (name !== 'repository') removeTree(join(root, name));
      for (const name of readdirSync(repository)) if (name !== '.git') removeTree(join(repository, name));
      for (const wish of wishes) {
        if (wish.kind === 'deploy-directory') writeMetadata(join(root, wish.key), [wish.key]);
        if (wish.kind === 'deploy-git') placeProject(wish, repository);
      }
      if (!wishes.some(({ kind }) => kind === 'deploy-git')) return;
      git(repository, 'add', '--all');
      git(repository, 'commit', '--quiet', '--message', 'Another round');
    },
    of(wish) {
      if (wish.kind === 'deploy-git') return { git: { repo: REPO, ref: 'main', path: wish.key } };
      return { directory: join(root, wish.key) };
    },
    remove: () => removeTree(root),
  };
}

function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** In source format: converted by the worker. */
function placeProject({ key }: Wish, below: string): void {
  const project = sampleProject([key]);
  cpSync(project.directory, join(below, key), { recursive: true });
  project.remove();
}

function git(directory: string, ...parameters: string[]): void {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
  execFileSync('git', [...identity, ...parameters], { cwd: directory, stdio: 'ignore' });
}
