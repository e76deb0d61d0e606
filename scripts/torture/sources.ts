import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCode } from '../../src/contract/source-code.ts';
import { sampleProject } from '../../test/support/sample-project.ts';
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
      for (const wish of wishes) {
        if (wish.kind === 'deploy-directory') place(wish, root);
        if (wish.kind === 'deploy-git') place(wish, repository);
      }
      if (!wishes.some(({ kind }) => kind === 'deploy-git')) return;
      git(repository, 'add', '--all');
      git(repository, 'commit', '--quiet', '--message', 'Another round');
    },
    of(wish) {
      if (wish.kind === 'deploy-git') return { git: { repo: REPO, ref: 'main', path: wish.key } };
      return { directory: join(root, wish.key) };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function place({ key }: Wish, below: string): void {
  const project = sampleProject([key]);
  try {
    renameSync(project.directory, join(below, key));
  } catch {
    cpSync(project.directory, join(below, key), { recursive: true });
  } finally {
    project.remove();
  }
}

function git(directory: string, ...parameters: string[]): void {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
  execFileSync('git', [...identity, ...parameters], { cwd: directory, stdio: 'ignore' });
}
