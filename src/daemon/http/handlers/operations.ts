import type { Caller } from '../../../contract/access.ts';
import { AppError } from '../../../contract/errors.ts';
import type { Operation, OperationState, Origin } from '../../../contract/operation.ts';
import type { RouteQuery } from '../../../contract/routes.ts';
import { acceptOperation } from '../../operations/accept.ts';
import { cancelOperation } from '../../operations/cancel.ts';
import { resolveOperation } from '../../operations/resolve.ts';
import { retryOperation } from '../../operations/retry.ts';
import { unknownOrg } from '../../operations/unknown-org.ts';
import type { OperationFilter } from '../../store/port.ts';
import type { DoorParts, Handler } from '../parts.ts';

const IDEMPOTENCY_KEY_LIMIT = 200;
const PAGE_DEFAULT = 50;

export const createOperation: Handler<'createOperation'> = async ({
  parts,
  caller,
  body,
  request,
  reply,
}) => {
  const idempotencyKey = idempotencyKeyOf(request.headers['idempotency-key']);
  const options = { idempotencyKey, origin: originOf(caller) };
  const { replayed, operation } = await acceptOperation(parts.operations, caller, body, options);
  reply.header('location', placeOf(operation));
  if (replayed) reply.code(200).header('idempotency-replayed', 'true');
  return operation;
};

export const listOperations: Handler<'listOperations'> = async ({ parts, caller, query }) => {
  const page = await parts.operations.store.listOperations(filterOf(caller.tenant, query));
  if (page.items.length === 0 && query.org !== undefined) await refuseUnknownOrg(parts, caller, query.org);
  return { items: page.items.map(withoutContent), nextCursor: page.nextCursor };
};

/** An org that is gone may still have operations; a name that never was one is more likely a slip than a question. */
async function refuseUnknownOrg(parts: DoorParts, caller: Caller, org: string): Promise<void> {
  const { configuration, store } = parts.operations;
  if (Object.hasOwn(configuration().pools, org)) return;
  if ((await store.getOrganisationId(caller.tenant, org)) === null) throw unknownOrg(org);
}

export const getOperation: Handler<'getOperation'> = async ({ parts, caller, params }) => {
  const operation = await parts.operations.store.getOperation(caller.tenant, params.id);
  if (operation === null) throw new AppError('not-found', `There is no operation ${params.id}.`);
  return operation;
};

export const cancelOperationById: Handler<'cancelOperation'> = async ({ parts, caller, params }) =>
  cancelOperation(parts.operations, caller, params.id);

export const retryOperationById: Handler<'retryOperation'> = async ({ parts, caller, params, reply }) => {
  const operation = await retryOperation(parts.operations, caller, params.id);
  reply.header('location', placeOf(operation));
  return operation;
};

export const resolveOperationById: Handler<'resolveOperation'> = async ({ parts, caller, params, body }) =>
  resolveOperation(parts.operations, caller, { id: params.id, request: body });

function idempotencyKeyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && header.length > 0 && header.length <= IDEMPOTENCY_KEY_LIMIT)
    return header;
  throw new AppError(
    'invalid-request',
    `The Idempotency-Key must have 1 to ${IDEMPOTENCY_KEY_LIMIT} characters.`,
  );
}

function originOf(caller: Caller): Origin {
  return caller.token === null ? { kind: 'cli', name: null } : { kind: 'api', name: caller.token.name };
}

function placeOf(operation: Operation): string {
  return `/api/v1/operations/${operation.id}`;
}

function filterOf(tenant: string, query: RouteQuery<'listOperations'>): OperationFilter {
  return {
    tenant,
    states: query.state === undefined ? null : (query.state.split(',') as OperationState[]),
    org: query.org ?? null,
    task: query.task ?? null,
    label: query.label === undefined ? null : labelOf(query.label),
    limit: query.limit ?? PAGE_DEFAULT,
    cursor: query.cursor ?? null,
  };
}

function labelOf(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** A page shows what happens, not what went in and came out. */
function withoutContent({ input: _input, result: _result, ...rest }: Operation): Operation {
  return rest;
}
