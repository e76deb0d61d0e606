import { type Caller, callerName } from '../../contract/access.ts';
import { AppError } from '../../contract/errors.ts';
import type { Operation, ResolutionRequest } from '../../contract/operation.ts';
import type { OperationParts } from './parts.ts';

/** A person says what became of an operation that ended indeterminate, once. */
export async function resolveOperation(
  parts: Pick<OperationParts, 'store' | 'now'>,
  caller: Caller,
  { id, request }: { readonly id: string; readonly request: ResolutionRequest },
): Promise<Operation> {
  const found = await parts.store.getOperation(caller.tenant, id);
  if (found === null) throw new AppError('not-found', `There is no operation ${id}.`);
  if (found.state !== 'indeterminate') {
    throw new AppError(
      'wrong-state',
      `The operation ${id} is ${found.state}; only an indeterminate one is resolved.`,
    );
  }
  const resolution = { ...request, by: callerName(caller), at: parts.now().toISOString() };
  const resolved =
    found.resolution === null ? await parts.store.resolve(caller.tenant, id, resolution) : null;
  if (resolved !== null) return resolved;
  throw new AppError('wrong-state', `The operation ${id} has been resolved already.`);
}
