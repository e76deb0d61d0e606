import { type Static, Type } from 'typebox';
import { Alias, Nullable, OneOf, Time } from './values.ts';

export const LockId = Type.String({ pattern: '^lk_[0-9A-HJKMNP-TV-Z]{26}$', maxLength: 29 });
/** A lock that nobody renews for so long is gone, whoever holds it or waits for it. */
const TtlSeconds = Type.Integer({ minimum: 10, maximum: 3_600 });

export const LockRequest = Type.Object(
  { ttlSeconds: TtlSeconds, note: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) },
  { additionalProperties: false },
);
export const LockRenewal = Type.Object(
  { ttlSeconds: Type.Optional(TtlSeconds) },
  { additionalProperties: false },
);

/** Work outside of this server that wants an org for itself: it takes its place in the lane like an exclusive operation. */
export const LockSchema = Type.Object({
  id: LockId,
  org: Alias,
  state: OneOf(['waiting', 'held'] as const),
  place: Nullable(Type.Integer({ minimum: 1, description: 'waiting: 1 = next; null: far back, or held' })),
  fence: Nullable(
    Type.Integer({ minimum: 1, description: 'held: higher than that of every lock of the lane before it' }),
  ),
  ttlSeconds: TtlSeconds,
  note: Nullable(Type.String({ maxLength: 500 })),
  by: Type.String({ maxLength: 256 }),
  createdAt: Time,
  expiresAt: Time,
});

export type Lock = Static<typeof LockSchema>;
