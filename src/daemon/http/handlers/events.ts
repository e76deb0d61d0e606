import { AppError } from '../../../contract/errors.ts';
import type { OperationEvent } from '../../../contract/event.ts';
import { PAGE_LIMIT } from '../../../contract/route.ts';
import { streamOperation } from '../event-stream.ts';
import type { Handler } from '../parts.ts';

/** A page, or with `Accept: text/event-stream` the same history followed live. */
export const listEvents: Handler<'listEvents'> = async (call) => {
  const { parts, caller, params, query, request } = call;
  const { store } = parts.operations;
  const operation = await store.getOperation(caller.tenant, params.id);
  if (operation === null) throw new AppError('not-found', `There is no operation ${params.id}.`);
  if (wantsStream(request.headers.accept)) return streamOperation(call, operation);
  // read first: what is committed meanwhile lies behind it and comes with the next page
  const position = await store.position();
  const limit = query.limit ?? PAGE_LIMIT;
  const afterSeq = query.after ?? 0;
  const found = await store.listEvents({
    tenant: caller.tenant,
    operation: params.id,
    org: null,
    afterSeq,
    limit,
  });
  const last = found.at(-1)?.seq ?? afterSeq;
  const seq = found.length === limit ? last : Math.max(last, position.seq);
  return { items: found as OperationEvent[], position: { epoch: position.epoch, seq } };
};

function wantsStream(accept: string | undefined): boolean {
  return accept?.includes('text/event-stream') === true;
}
