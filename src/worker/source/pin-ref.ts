import { AppError } from '../../contract/errors.ts';
import type { Git } from './git-command.ts';

const COMMIT_ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The commit that a branch, a tag, a full ref or HEAD names now. A full commit id is what it is. AppError git-ref-missing. */
export async function pinRef(git: Git, url: string, ref: string): Promise<string> {
  if (COMMIT_ID.test(ref)) return ref;
  const names = namesOf(ref);
  const output = await git(['ls-remote', '--', url, ...names.flatMap((name) => [name, `${name}^{}`])]);
  const found = new Map(output.split('\n').flatMap(readLine));
  for (const name of names) {
    // An annotated tag is an object of its own; what it points to is listed behind it.
    const commit = found.get(`${name}^{}`) ?? found.get(name);
    if (commit !== undefined) return commit;
  }
  throw refMissing(ref);
}

export function refMissing(ref: string): AppError {
  const short = /^[0-9a-f]{4,39}$/.test(ref);
  const hint = short ? { hint: 'Give the full commit id, of 40 characters.' } : {};
  return new AppError('git-ref-missing', `The repository has no ref ${ref}.`, hint);
}

/** In the order of git clone: a branch before a tag of the same name. */
function namesOf(ref: string): readonly string[] {
  return ref === 'HEAD' || ref.startsWith('refs/')
    ? [ref]
    : [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`];
}

function readLine(line: string): (readonly [name: string, commit: string])[] {
  const [commit, name] = line.split('\t');
  return commit !== undefined && name !== undefined && COMMIT_ID.test(commit) ? [[name, commit]] : [];
}
