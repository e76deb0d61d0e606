import { type Static, type TSchema, Type } from 'typebox';

/** Shapes that several parts of the contract use. Strings have a limit; times are ISO 8601 UTC. */
export const OperationId = Type.String({ pattern: '^op_[0-9A-HJKMNP-TV-Z]{26}$', maxLength: 29 });
export const Alias = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', maxLength: 63 });
export const SecretName = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$', maxLength: 63 });
export const Tenant = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', maxLength: 63 });
export const Time = Type.String({ format: 'date-time', maxLength: 30 });
export const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$' }),
  Type.String({ maxLength: 256 }),
  { maxProperties: 32, additionalProperties: false },
);
export const JsonObject = Type.Record(Type.String({ maxLength: 1024 }), Type.Unknown());

export const DEFAULT_TENANT = 'default';

/** A schema whose value may be null. */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A closed set of words. */
export const OneOf = <const T extends readonly string[]>(words: T, options: object = {}) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...words], ...options });

export type JsonObject = Static<typeof JsonObject>;
