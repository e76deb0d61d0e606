import type { Paths } from '../../config/paths.ts';
import { toolStates } from '../../config/tool-place.ts';
import type { Tool } from '../../contract/command-declaration.ts';
import { type Check, missing, ok } from './check.ts';

/** The CLIs that commands use; nothing to say where none is declared. */
export function checkTools(
  paths: Pick<Paths, 'tools'>,
  tools: Readonly<Record<string, Tool>>,
): readonly Check[] {
  const states = toolStates(paths, tools);
  if (states.length === 0) return [];
  const gone = states.filter(({ installed }) => !installed);
  if (gone.length === 0) return [ok('Tools', namesOf(states))];
  return [missing('Tools', `not installed: ${namesOf(gone)}`, 'Install them: sfp-server tools install')];
}

function namesOf(tools: ReturnType<typeof toolStates>): string {
  return tools.map(({ name, npm }) => `${name} (${npm})`).join(', ');
}
