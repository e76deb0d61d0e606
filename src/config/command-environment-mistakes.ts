import type { Command } from '../contract/command.ts';
import type { CommandDeclaration } from '../contract/command-declaration.ts';
import type { Mistake, Path } from './place.ts';

/** What the server itself puts there: another value would be dropped, or would take the program its tools. */
const OWN = ['HOME', 'TMPDIR', 'PATH', 'PWD', 'SFP_WORKER'];
const OWN_IN_AN_ORG = ['SF_ACCESS_TOKEN', 'SF_ORG_INSTANCE_URL', 'SF_TARGET_ORG'];

/** Variables that cannot be declared. */
export function environmentMistakes(
  command: Command,
  { env = {}, secrets = {} }: CommandDeclaration,
  path: Path,
): readonly Mistake[] {
  const own = command.org ? [...OWN, ...OWN_IN_AN_ORG] : OWN;
  const taken = (name: string, at: Path): readonly Mistake[] =>
    own.includes(name)
      ? [{ path: at, at: 'value', message: `the server itself sets ${name}; choose another name` }]
      : [];
  return [
    ...Object.keys(env).flatMap((name) => taken(name, [...path, 'env', name])),
    ...Object.entries(secrets).flatMap(([secret, place]) =>
      'env' in place ? taken(place.env, [...path, 'secrets', secret, 'env']) : [],
    ),
  ];
}
