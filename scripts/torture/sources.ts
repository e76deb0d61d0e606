import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceCode } from '../../src/contract/source-code.ts';
import { CLASS_META, sampleProject } from '../../test/support/sample-project.ts';
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
        if (wish.kind === 'deploy-directory') placeMetadata(wish, root);
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

/** In metadata format: zipped as it is. */
function placeMetadata({ key }: Wish, below: string): void {
  const classes = join(below, key, 'classes');
  mkdirSync(classes, { recursive: true });
  writeFileSync(join(classes, `${key}.cls`), `public class ${key} {\n}\n`);
  writeFileSync(join(classes, `${key}.cls-meta.xml`), CLASS_META);
  writeFileSync(join(below, key, 'package.xml'), packageXml(key));
}

function packageXml(name: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Package xmlns="http://soap.sforce.com/2006/04/metadata">
    <types>
        <members>${name}</members>
        <name>ApexClass</name>
    </types>
    <version>65.0</version>
</Package>
`;
}

function git(directory: string, ...parameters: string[]): void {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example'];
  execFileSync('git', [...identity, ...parameters], { cwd: directory, stdio: 'ignore' });
}
