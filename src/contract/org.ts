import { type Static, Type } from 'typebox';
import { LockSchema } from './lock.ts';
import { WaitingFor } from './operation.ts';
import { Pause } from './pause.ts';
import { Alias, Nullable, OneOf, OperationId, Time } from './values.ts';
import { WindowState } from './window.ts';

export const LOGIN_KINDS = ['jwt', 'sfdx-url'] as const;

/** 00D…: which organisation an alias stands for; lanes are keyed by it, 15 or 18 characters, stored with 18. */
export const OrganisationId = Type.String({
  pattern: '^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$',
  maxLength: 18,
});
const Url = Type.String({ pattern: '^https?://', maxLength: 500 });

/** What `org login` registers; never a secret. */
export const OrgRegistration = Type.Object(
  {
    kind: OneOf(LOGIN_KINDS),
    username: Type.String({ minLength: 1, maxLength: 255 }),
    instanceUrl: Url,
    organisationId: OrganisationId,
  },
  { additionalProperties: false },
);

export const OrgSchema = Type.Object({
  alias: Alias,
  kind: OneOf(LOGIN_KINDS),
  username: Type.String(),
  instanceUrl: Type.String(),
  organisationId: Type.String(),
  registeredAt: Time,
  window: Type.Optional(WindowState),
  lane: Type.Object({
    paused: Nullable(Pause),
    locks: Type.Array(LockSchema),
    running: Type.Array(OperationId),
    waiting: Type.Array(Type.Object({ operation: OperationId, waitingFor: Nullable(WaitingFor) })),
  }),
});

/** What the vault keeps for an org: the long-lived login. Its account is `org/<tenant>/<alias>`. */
export const OrgLogin = Type.Union([
  Type.Object({
    kind: Type.Literal('jwt'),
    clientId: Type.String({ minLength: 1, maxLength: 1_000 }),
    username: Type.String({ minLength: 1, maxLength: 255 }),
    privateKey: Type.String({ minLength: 1, maxLength: 20_000, description: 'PEM' }),
    loginUrl: Url,
  }),
  Type.Object({
    kind: Type.Literal('sfdx-url'),
    clientId: Type.String({ minLength: 1, maxLength: 1_000 }),
    clientSecret: Type.String({ maxLength: 1_000 }),
    refreshToken: Type.String({ minLength: 1, maxLength: 2_000 }),
    instanceUrl: Url,
  }),
]);

export function orgAccount(tenant: string, alias: string): string {
  return `org/${tenant}/${alias}`;
}

export function secretAccount(tenant: string, name: string): string {
  return `secret/${tenant}/${name}`;
}

export type OrgRegistration = Static<typeof OrgRegistration>;
export type Org = Static<typeof OrgSchema>;
export type OrgLogin = Static<typeof OrgLogin>;
export type LoginKind = (typeof LOGIN_KINDS)[number];
