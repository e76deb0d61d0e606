import { type Static, Type } from 'typebox';
import { Commands, Tools } from './command-declaration.ts';
import { Hooks } from './hook.ts';
import { ISOLATION_WISHES } from './isolation.ts';
import { DEFAULT_PROGRAM_LIMITS, ProgramLimits } from './program-limits.ts';
import { DEFAULT_RETENTION, Retention } from './retention.ts';
import { Schedules } from './schedule.ts';
import { Alias, OneOf, SecretName } from './values.ts';
import { ORG_TIMES } from './window.ts';

export const VAULT_PROVIDERS = ['keychain', 'file', 'command'] as const;

const closed = { additionalProperties: false };

/** `sfp-server.yaml`. Every key has a default; the file may be empty. */
export const Configuration = Type.Object(
  {
    concurrency: Type.Integer({ minimum: 1, maximum: 64, description: 'operations at once' }),
    standby: Type.Integer({
      minimum: 0,
      maximum: 16,
      description: 'workers that are forked ahead and wait for work; 0: none',
    }),
    isolation: OneOf(ISOLATION_WISHES, {
      description: 'of programs that are not ours; required: none runs without all parts of it',
    }),
    programs: ProgramLimits,
    vault: Type.Object(
      {
        provider: OneOf(VAULT_PROVIDERS, {
          description:
            "where long-lived secrets are: the system's keychain, encrypted files in the home, or behind a helper",
        }),
        command: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), {
            minItems: 1,
            maxItems: 32,
            description: 'the helper and its words, for the provider command',
          }),
        ),
      },
      closed,
    ),
    edge: Type.Object(
      {
        host: Type.String({
          minLength: 1,
          maxLength: 253,
          pattern: '^[A-Za-z0-9.-]+$',
          description: 'name that the outside world uses, where Caddy listens',
        }),
        port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'of Caddy' }),
        tls: OneOf(['internal', 'acme', 'off'] as const, {
          description: "a certificate of Caddy's own, a public one, or plain HTTP",
        }),
        group: Type.Optional(
          Type.String({ maxLength: 32, description: "group that Caddy runs in; default: the daemon's own" }),
        ),
      },
      closed,
    ),
    orgs: Type.Record(
      Alias,
      Type.Object(
        {
          concurrency: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 64, description: 'shared operations at once in this org' }),
          ),
          pauseWhenIndeterminate: Type.Optional(
            Type.Boolean({ description: 'an exclusive operation; until it is resolved. Default: true' }),
          ),
          revokeSessions: Type.Optional(
            Type.Boolean({ description: 'when the last one of its user ends. Default: true' }),
          ),
          ...ORG_TIMES,
        },
        closed,
      ),
      closed,
    ),
    pools: Type.Record(
      Alias,
      Type.Array(Alias, {
        minItems: 1,
        maxItems: 100,
        description: 'orgs of which work that names the pool gets the first that is free',
      }),
      closed,
    ),
    directories: Type.Array(Type.String({ pattern: '^/', maxLength: 4_000 }), {
      maxItems: 100,
      description: 'absolute; the only ones that a source may lie in',
    }),
    repos: Type.Record(
      Alias,
      Type.Object(
        {
          url: Type.String({ minLength: 1, maxLength: 1_000, description: 'of a Git repository' }),
          secret: Type.Optional(
            Type.Unsafe<string>({ ...SecretName, description: 'of a private one: sfp-server secret set' }),
          ),
        },
        closed,
      ),
      closed,
    ),
    idempotency: Type.Object(
      {
        keepHours: Type.Integer({
          minimum: 1,
          maximum: 8_760,
          description: 'how long an Idempotency-Key answers with its first operation',
        }),
      },
      closed,
    ),
    hooks: Hooks,
    schedules: Schedules,
    commands: Commands,
    tools: Tools,
    queue: Type.Object(
      {
        limit: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'operations that wait' }),
        limitPerTenant: Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          description: 'the same of one tenant',
        }),
      },
      closed,
    ),
    retention: Retention,
    log: Type.Object(
      {
        level: OneOf(['debug', 'info', 'warn', 'error'] as const, { description: 'what is logged at least' }),
      },
      closed,
    ),
  },
  closed,
);

export type Configuration = Static<typeof Configuration>;

export const DEFAULT_CONFIGURATION: Configuration = {
  concurrency: 4,
  standby: 2,
  isolation: 'preferred',
  programs: DEFAULT_PROGRAM_LIMITS,
  vault: { provider: 'keychain' },
  edge: { host: 'localhost', port: 8443, tls: 'internal' },
  orgs: {},
  pools: {},
  directories: [],
  repos: {},
  idempotency: { keepHours: 24 },
  hooks: {},
  schedules: {},
  commands: {},
  tools: {},
  queue: { limit: 10_000, limitPerTenant: 10_000 },
  retention: DEFAULT_RETENTION,
  log: { level: 'info' },
};
