import type { Delivery } from '../../../contract/delivery.ts';
import type { Handler } from '../parts.ts';

const PAGE_DEFAULT = 50;

export const listDeliveries: Handler<'listDeliveries'> = async ({ parts, caller, query }) => {
  const { store } = parts.operations;
  const page = await store.listDeliveries(caller.tenant, query.limit ?? PAGE_DEFAULT, query.cursor ?? null);
  return { items: page.items as Delivery[], nextCursor: page.nextCursor };
};
