import { type Static, Type } from 'typebox';
import { PrioritySchema } from './operation.ts';
import { LossPolicySchema } from './tasks.ts';
import { Alias, JsonObject, Labels, OneOf, SecretName, Tenant } from './values.ts';

export const HOOK_KINDS = ['github'] as const;
/** GitHub caps payloads at 25 MB; a hook accepts that much. */
export const HOOK_BODY_LIMIT_BYTES = 25 * 1024 * 1024;

const Word = Type.String({ minLength: 1, maxLength: 200 });
const Words = Type.Union([Word, Type.Array(Word, { minItems: 1, maxItems: 50 })]);

/** How a delivery becomes an operation. Strings of `input`, `labels` and `supersede.key` may hold `{{ JSONata }}`. */
export const Rule = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    on: Type.Object(
      { event: Words, action: Type.Optional(Words), branch: Type.Optional(Words) },
      { additionalProperties: false },
    ),
    if: Type.Optional(
      Type.String({ minLength: 1, maxLength: 10_000, description: 'JSONata; true lets it match' }),
    ),
    task: Type.String({ minLength: 1, maxLength: 63 }),
    org: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
    priority: Type.Optional(PrioritySchema),
    input: JsonObject,
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 604_800 })),
    maxAttempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    onWorkerLoss: Type.Optional(LossPolicySchema),
    labels: Type.Optional(Labels),
    supersede: Type.Optional(
      Type.Object(
        { key: Type.String({ minLength: 1, maxLength: 1_000 }), running: OneOf(['keep', 'cancel'] as const) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export const Hook = Type.Object(
  {
    kind: OneOf(HOOK_KINDS),
    secret: SecretName,
    tenant: Type.Optional(Tenant),
    rules: Type.Array(Rule, { minItems: 1, maxItems: 100 }),
  },
  { additionalProperties: false },
);

export const Hooks = Type.Record(Alias, Hook, { additionalProperties: false });

export type Rule = Static<typeof Rule>;
export type Hook = Static<typeof Hook>;
