import { type Static, Type } from 'typebox';
import { Nullable, OneOf, Tenant, Time } from './values.ts';

export const SCOPES = ['operations:read', 'operations:write'] as const;
export type Scope = (typeof SCOPES)[number];

/** `sfp_` + 43 characters of base64url: 256 random bits. Shown once, stored as its SHA-256. */
export const API_TOKEN = /^sfp_[A-Za-z0-9_-]{43}$/;

export const ApiTokenRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Array(OneOf(SCOPES), { minItems: 1, maxItems: SCOPES.length, uniqueItems: true }),
    expiresAt: Nullable(Time),
  },
  { additionalProperties: false },
);

export const ApiToken = Type.Object({
  id: Type.String({ pattern: '^tk_[0-9A-HJKMNP-TV-Z]{26}$' }),
  name: Type.String(),
  tenant: Tenant,
  scopes: Type.Array(OneOf(SCOPES)),
  createdAt: Time,
  expiresAt: Nullable(Time),
  lastUsedAt: Nullable(Time),
});

export const CreatedApiToken = Type.Object({ ...ApiToken.properties, token: Type.String() });

/** Who asks: the machine's owner through the control door, or a program with a token through the edge. */
export interface Caller {
  readonly door: 'control' | 'edge';
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly token: { readonly id: string; readonly name: string } | null;
}

/** As records name the caller. */
export function callerName({ token }: Caller): string {
  return token?.name ?? 'the owner';
}

export type ApiToken = Static<typeof ApiToken>;
export type CreatedApiToken = Static<typeof CreatedApiToken>;
export type ApiTokenRequest = Static<typeof ApiTokenRequest>;
