import { hasTimes, openAt } from '../../../config/windows.ts';
import type { Org } from '../../../contract/org.ts';
import type { WindowState } from '../../../contract/window.ts';
import type { OperationParts } from '../../operations/accept.ts';

/** An org as it is shown: what is stored of it, and whether its work may start now. */
export function viewOrg(parts: Pick<OperationParts, 'configuration' | 'now'>, org: Org): Org {
  const window = windowState(parts, org.alias);
  return window === null ? org : { ...org, window };
}

/** Null: nothing says when its work may start. */
function windowState(
  { configuration, now }: Pick<OperationParts, 'configuration' | 'now'>,
  alias: string,
): WindowState | null {
  const { orgs } = configuration();
  const times = Object.hasOwn(orgs, alias) ? orgs[alias] : undefined;
  if (times === undefined || !hasTimes(times)) return null;
  const opening = openAt(times, now());
  return {
    open: opening.open,
    closedTo: times.closedTo ?? 'exclusive',
    until: opening.until?.toISOString() ?? null,
    note: opening.open ? null : opening.why,
  };
}
