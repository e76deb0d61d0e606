import { type Static, Type } from 'typebox';
import { Alias, Nullable, OneOf, OperationId, Tenant, Time } from './values.ts';

/** What came of a verified request on a hook. */
export const DELIVERY_OUTCOMES = ['matched', 'no-rule', 'rule-failed'] as const;

/** The answer to a delivery; the same again for a repeated one. */
export const DeliveryReceipt = Type.Object({
  deliveryId: Type.String(),
  operations: Type.Array(OperationId),
});

export const DeliverySchema = Type.Object({
  id: Type.String({ pattern: '^dl_[0-9A-HJKMNP-TV-Z]{26}$' }),
  tenant: Tenant,
  hook: Alias,
  sourceId: Type.String({
    maxLength: 128,
    description: "the sender's id of the delivery, such as X-GitHub-Delivery",
  }),
  event: Type.String({ maxLength: 100 }),
  outcome: OneOf(DELIVERY_OUTCOMES),
  rule: Nullable(Type.String()),
  detail: Nullable(Type.String()),
  operations: Type.Array(OperationId),
  receivedAt: Time,
});

export type DeliveryReceipt = Static<typeof DeliveryReceipt>;
export type Delivery = Static<typeof DeliverySchema>;
