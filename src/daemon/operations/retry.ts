import type { Caller } from '../../contract/access.ts';
import { AppError } from '../../contract/errors.ts';
import { isFinal, type Operation, type OperationRequest } from '../../contract/operation.ts';
import { prepareOperation } from './accept.ts';
import type { OperationParts } from './parts.ts';

/** The same work again as a new operation that names the old one; it is checked like a new request. */
export async function retryOperation(parts: OperationParts, caller: Caller, id: string): Promise<Operation> {
  const old = await parts.store.getOperation(caller.tenant, id);
  if (old === null) throw new AppError('not-found', `There is no operation ${id}.`);
  if (!isFinal(old.state)) {
    throw new AppError('wrong-state', `The operation ${id} has not ended yet: ${old.state}.`);
  }
  const operation = await prepareOperation(parts, {
    tenant: caller.tenant,
    request: requestOf(old),
    origin: { kind: 'retry', name: caller.token?.name ?? null },
    retryOf: id,
  });
  const acceptance = await parts.store.accept(operation, null);
  if (acceptance.outcome === 'conflict') throw new Error('A retry has no idempotency key to conflict with.');
  return acceptance.operation;
}

function requestOf(old: Operation): OperationRequest {
  const org = old.pool ?? old.org;
  return {
    task: old.task,
    ...(org === null ? {} : { org }),
    input: old.input ?? {},
    priority: old.priority,
    timeoutSeconds: old.timeoutSeconds,
    maxAttempts: old.maxAttempts,
    ...lossPolicyOf(old),
    labels: old.labels,
  };
}

/** Its declaration says anew whether a command may run again by itself; that it may not is kept. */
function lossPolicyOf({ task, onWorkerLoss }: Operation): Pick<OperationRequest, 'onWorkerLoss'> {
  if (onWorkerLoss === null || (task === 'command' && onWorkerLoss === 'retry')) return {};
  return { onWorkerLoss };
}
