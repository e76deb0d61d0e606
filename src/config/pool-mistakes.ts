import type { Configuration } from '../contract/configuration.ts';
import { undeclared } from './name-mistakes.ts';
import type { Mistake, Path } from './place.ts';

/** A pool holds orgs, each once, and its name is no org's: a request names either by `org`. */
export function poolMistakes({ orgs, pools }: Configuration): readonly Mistake[] {
  return Object.entries(pools).flatMap(([name, members]) => {
    const path = ['pools', name];
    const both: Mistake = { path, at: 'key', message: `"${name}" is the name of an org and of a pool` };
    return [
      ...(Object.hasOwn(orgs, name) ? [both] : []),
      ...members.flatMap((member, index) =>
        memberMistakes({ orgs, pools }, members, [...path, index], member),
      ),
    ];
  });
}

function memberMistakes(
  { orgs, pools }: Pick<Configuration, 'orgs' | 'pools'>,
  members: readonly string[],
  path: Path,
  member: string,
): readonly Mistake[] {
  if (members.indexOf(member) !== path.at(-1)) {
    return [{ path, at: 'value', message: `"${member}" is in this pool for the second time` }];
  }
  if (Object.hasOwn(pools, member) && !Object.hasOwn(orgs, member)) {
    return [{ path, at: 'value', message: `"${member}" is a pool, and a pool holds orgs only` }];
  }
  return undeclared(member, path, 'orgs', Object.keys(orgs));
}
