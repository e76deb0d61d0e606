import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { Alias } from './values.ts';

export const LOGIN_KINDS = ['jwt', 'sfdx-url', 'client-credentials', 'access-token', 'sandbox'] as const;

export const Url = Type.String({ pattern: '^https?://', maxLength: 500 });
const ClientId = Type.String({ minLength: 1, maxLength: 1_000 });

const JwtLogin = Type.Object({
  kind: Type.Literal('jwt'),
  clientId: ClientId,
  username: Type.String({ minLength: 1, maxLength: 255 }),
  privateKey: Type.String({ minLength: 1, maxLength: 20_000, description: 'PEM' }),
  loginUrl: Url,
});

const ClientCredentialsLogin = Type.Object({
  kind: Type.Literal('client-credentials'),
  clientId: ClientId,
  clientSecret: Type.String({ minLength: 1, maxLength: 1_000 }),
  loginUrl: Url,
});

/** What a sandbox takes over from its production org: the app, and what proves it. */
const LoginOfSandbox = Type.Union([JwtLogin, ClientCredentialsLogin]);

/**
 * What the vault keeps for an org: the long-lived login. Its account is `org/<tenant>/<alias>`.
 *
 * - `jwt`: signs an assertion for one user with the app's private key.
 * - `sfdx-url`: a refresh token; where the app rotates it, the newest one.
 * - `client-credentials`: the app itself logs in, as the user that it runs as; at its own domain only.
 * - `access-token`: a session that somebody else began. There is no other when it ends, and it is not ours to end.
 * - `sandbox`: the login of a production org, turned to one of its sandboxes.
 */
const OrgLogin = Type.Union([
  JwtLogin,
  Type.Object({
    kind: Type.Literal('sfdx-url'),
    clientId: ClientId,
    clientSecret: Type.String({ maxLength: 1_000 }),
    refreshToken: Type.String({ minLength: 1, maxLength: 2_000 }),
    instanceUrl: Url,
  }),
  ClientCredentialsLogin,
  Type.Object({
    kind: Type.Literal('access-token'),
    accessToken: Type.String({ minLength: 1, maxLength: 4_000 }),
    instanceUrl: Url,
  }),
  Type.Object({
    kind: Type.Literal('sandbox'),
    production: Alias,
    name: Type.String({ minLength: 1, maxLength: 10 }),
    login: LoginOfSandbox,
  }),
]);

/** Null: this is no login. */
export function parseOrgLogin(text: string): OrgLogin | null {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(OrgLogin, value) ? value : null;
  } catch {
    return null;
  }
}

export type OrgLogin = Static<typeof OrgLogin>;
export type LoginOfSandbox = Static<typeof LoginOfSandbox>;
export type LoginKind = (typeof LOGIN_KINDS)[number];
