import { Text } from 'ink';
import type { ConnectionState } from '../client/subscribe.ts';

/** Nothing while all is well. */
export function ConnectionLine({ state, gap }: { state: ConnectionState; gap: boolean }) {
  if (state === 'reconnecting') {
    return <Text color="yellow">↻ The connection is lost; trying again. Nothing will be missed.</Text>;
  }
  return gap ? <Text color="yellow">Older events of this operation are no longer kept.</Text> : null;
}

export function needsConnectionLine(state: ConnectionState, gap: boolean): boolean {
  return state === 'reconnecting' || gap;
}
