import { EXIT } from '../contract/errors.ts';
import { isFinal, type OperationState } from '../contract/operation.ts';

/** What a shell learns of an operation that was followed: a wait that ended early is no success. */
export function exitOf(state: OperationState): number {
  if (!isFinal(state)) return EXIT.stillRunning;
  if (state === 'succeeded') return EXIT.succeeded;
  return state === 'indeterminate' ? EXIT.indeterminate : EXIT.failed;
}
