import { AppError } from '../../contract/errors.ts';
import { cutText } from '../../contract/limits.ts';
import type { FetchedSource, ResolvedSource } from '../../contract/worker-protocol.ts';
import type { FetchAssignment, Work } from '../work.ts';
import { directoryInside, workspaceOf } from '../workspace.ts';
import { createGit, type Git, GitRefusal } from './git-command.ts';
import { readGitCredential } from './git-credential.ts';
import { type GitFiles, writeGitFiles } from './git-files.ts';
import { persistentGit } from './git-retry.ts';
import { pinRef, refMissing } from './pin-ref.ts';

type GitSource = Extract<ResolvedSource, { kind: 'git' }>;

/** Pins the ref to a commit, then fetches and checks out exactly that one, without its history. */
export async function checkOut(work: Work<FetchAssignment>, source: GitSource): Promise<FetchedSource> {
  const { source: directory, home } = workspaceOf(work.assignment.workspace);
  const credential = source.secret === null ? null : await readGitCredential(work, source.secret);
  const files = await writeGitFiles({ home, url: source.url, credential });
  try {
    const { sandbox: machine } = work.assignment;
    const git = createGit({ directory, home, url: source.url, files, machine, signal: work.signal });
    return await inWords(source, () => fetchCommit(work, source, { git, files, directory }));
  } finally {
    await files.remove();
  }
}

interface Checkout {
  readonly git: Git;
  readonly files: GitFiles;
  readonly directory: string;
}

async function fetchCommit(
  { report, signal }: Work,
  source: GitSource,
  { git, files, directory }: Checkout,
): Promise<FetchedSource> {
  const { url, ref, path } = source;
  const name = nameOf(url);
  const remote = persistentGit(git, { log: report.log, signal });
  return report.step(
    'source',
    `Check out ${name}@${ref.replace(/^refs\/(heads|tags)\//, '')}`,
    async (end) => {
      const commitId = await pinRef(remote, url, ref);
      end.title = `Check out ${name}@${commitId.slice(0, 7)}`;
      await git(['init', '--quiet', '--template=', '.']);
      // for tools that name it in what they make; nothing is fetched by that name
      await git(['remote', 'add', 'origin', withoutCredentials(url)]);
      await git([
        'fetch',
        '--quiet',
        '--depth=1',
        '--no-tags',
        '--no-recurse-submodules',
        '--',
        url,
        commitId,
      ]);
      // Filters and hooks of the repository must not meet the secret.
      await files.remove();
      await git(['checkout', '--quiet', '--force', '--detach', commitId, '--']);
      end.detail = cutText(await git(['log', '-1', '--format=%s', commitId]), 200);
      return { directory: await directoryInside(directory, path ?? '.'), commitId };
    },
  );
}

function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

/** `https://host/acme/crm.git` -> `crm`. */
function nameOf(url: string): string {
  return /([^/:]+?)(\.git)?\/?$/.exec(url)?.[1] ?? 'repository';
}

async function inWords<T>(source: GitSource, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GitRefusal)) throw error;
    if (/not our ref|couldn't find remote ref|no such remote ref/i.test(error.stderr))
      throw refMissing(source.ref);
    throw new AppError('git-failed', error.message, { cause: error });
  }
}
