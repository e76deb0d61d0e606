import { type Caller, callerName } from '../../contract/access.ts';
import { AppError } from '../../contract/errors.ts';
import { isFinal, type Operation } from '../../contract/operation.ts';
import type { OperationParts } from './parts.ts';

/**
 * Records that somebody wants the end of an operation. What waits is cancelled with that; what runs ends when its
 * worker has heard of it. Asking again changes nothing.
 */
export async function cancelOperation(
  parts: Pick<OperationParts, 'store' | 'now'>,
  caller: Caller,
  id: string,
): Promise<Operation> {
  const found = await parts.store.getOperation(caller.tenant, id);
  if (found === null) throw new AppError('not-found', `There is no operation ${id}.`);
  if (isFinal(found.state)) throw alreadyFinal(found);
  const cancelled = await parts.store.requestCancel(
    caller.tenant,
    id,
    callerName(caller),
    parts.now().toISOString(),
  );
  if (cancelled === null) throw new AppError('not-found', `There is no operation ${id}.`);
  // it may have ended between the two looks: then nobody's request ended it
  if (isFinal(cancelled.state) && cancelled.cancelRequestedAt === null) throw alreadyFinal(cancelled);
  return cancelled;
}

function alreadyFinal(operation: Operation): AppError {
  return new AppError('wrong-state', `The operation ${operation.id} has ended already: ${operation.state}.`);
}
