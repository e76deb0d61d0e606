import type { Operation, Resolution } from '../../contract/operation.ts';
import type { Events } from './events.ts';
import type { Lanes } from './lanes.ts';
import type { Operations } from './operations.ts';
import type { Pauses } from './pauses.ts';
import type { Resolutions } from './resolutions.ts';

interface Parts {
  readonly events: Events;
  readonly lanes: Lanes;
  readonly pauses: Pauses;
  readonly resolutions: Resolutions;
  readonly operations: Operations;
}

/** Its state stays; its lane, where it was paused for this, goes on. */
export function createResolve(parts: Parts) {
  return {
    resolve(tenant: string, id: string, resolution: Resolution): Operation | null {
      const row = parts.operations.find(id);
      if (row?.tenant !== tenant || row.state !== 'indeterminate') return null;
      if (!parts.resolutions.add(id, resolution)) return null;
      parts.events.append(row, resolution.at, { type: 'resolved', resolution });
      parts.pauses.removeOf(id);
      parts.lanes.refresh(row);
      return parts.operations.read(id);
    },
  };
}
