import { type Static, type TSchema, Type } from 'typebox';
import { CommandInput, CommandResult } from './command.ts';
import type { ErrorCode } from './errors.ts';
import { SourceCode } from './source-code.ts';
import { TEST_LEVELS } from './test-levels.ts';
import { Nullable, OneOf } from './values.ts';

/** What becomes of work whose worker was lost, from the least careful policy to the most. */
export const LOSS_POLICIES = ['retry', 'resume', 'indeterminate'] as const;
export type LossPolicy = (typeof LOSS_POLICIES)[number];

/** For requests: a task's own policy, or a more careful one. */
export const LossPolicySchema = OneOf(LOSS_POLICIES, {
  description: "when the worker is lost; never less careful than the task's own policy, its default",
});

/** `retry` of work that must not happen twice could send its effect a second time. */
export function isAsCareful(policy: LossPolicy, than: LossPolicy): boolean {
  return LOSS_POLICIES.indexOf(policy) >= LOSS_POLICIES.indexOf(than);
}

/**
 * What a kind of work is, apart from its code (`worker/tasks/<kind>.ts`).
 *
 * - `lane`: exclusive work is alone in its org's lane; shared work runs beside other shared work.
 * - `onWorkerLoss`: `retry` runs it again (it has no effect that must not happen twice), `resume` goes on from its
 *   checkpoint (without one it runs again), `indeterminate` gives the decision to a person.
 * - `triesLogin`: it is there to find out whether a login works, so it fails where others wait for a new one.
 * - `retryable`: the error codes after which another attempt makes sense.
 * - `needsSourceCode`: `if-named`: where the input names some.
 * - `declared`: policy, org and source code are those of a declaration in `sfp-server.yaml`; an operation keeps what was declared
 *   when it was accepted. What stands here holds where that is not known.
 */
export interface TaskDefinition {
  readonly title: string;
  readonly input: TSchema;
  readonly result: TSchema;
  readonly lane: 'exclusive' | 'shared';
  readonly onWorkerLoss: LossPolicy;
  readonly secrets: readonly 'target'[];
  readonly needsSourceCode: boolean | 'if-named';
  readonly triesLogin?: true;
  readonly declared?: boolean;
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  readonly retryable: readonly ErrorCode[];
}

const ApiVersion = Type.String({ pattern: '^[2-9][0-9]\\.0$', description: 'such as 65.0' });
const Count = Type.Integer({ minimum: 0 });

export const QueryInput = Type.Object(
  {
    soql: Type.String({ minLength: 1, maxLength: 100_000 }),
    maxRecords: Type.Optional(Type.Integer({ minimum: 1, maximum: 50_000, description: 'default 2000' })),
    apiVersion: Type.Optional(ApiVersion),
  },
  { additionalProperties: false },
);

export const QueryResult = Type.Object({
  totalSize: Count,
  records: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  pages: Count,
  truncated: Type.Boolean({ description: 'true: maxRecords or the size of a result left records out' }),
});

export const DeployInput = Type.Object(
  {
    source: SourceCode,
    checkOnly: Type.Optional(Type.Boolean()),
    testLevel: Type.Optional(OneOf(TEST_LEVELS)),
    runTests: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 120 }), { maxItems: 2_000 })),
    ignoreWarnings: Type.Optional(Type.Boolean()),
    apiVersion: Type.Optional(ApiVersion),
  },
  { additionalProperties: false },
);

export const ComponentFailure = Type.Object({
  type: Nullable(Type.String()),
  name: Type.String(),
  file: Nullable(Type.String()),
  line: Nullable(Type.Integer()),
  column: Nullable(Type.Integer()),
  problem: Type.String(),
});

export const TestFailure = Type.Object({
  name: Type.String(),
  method: Type.String(),
  message: Type.String(),
  stack: Nullable(Type.String()),
});

export const DeployResult = Type.Object({
  deploymentId: Type.String({ description: 'the 0Af… id of the deployment in the org' }),
  status: Type.String(),
  checkOnly: Type.Boolean(),
  commitId: Nullable(Type.String({ description: 'the commit that a Git ref was pinned to' })),
  components: Type.Object({ total: Count, deployed: Count, failed: Count }),
  tests: Type.Object({ total: Count, completed: Count, failed: Count }),
  componentFailures: Type.Array(ComponentFailure),
  testFailures: Type.Array(TestFailure),
  failuresLeftOut: Type.Optional(Type.Integer({ description: 'of both kinds; left out: none' })),
  resumed: Type.Boolean({ description: 'true: an earlier attempt had sent the deployment' }),
});

export const IdentityResult = Type.Object({
  organisationId: Type.String(),
  userId: Type.String(),
  username: Type.String(),
  instanceUrl: Type.String(),
  apiVersion: Type.String(),
});

const passing = ['org-unreachable', 'org-limit', 'session-expired', 'worker-lost'] as const;

export const TASKS = {
  'salesforce.identity': {
    title: 'Log in to an org and say who we are there',
    input: Type.Object({}, { additionalProperties: false }),
    result: IdentityResult,
    lane: 'shared',
    onWorkerLoss: 'retry',
    secrets: ['target'],
    needsSourceCode: false,
    triesLogin: true,
    timeoutSeconds: 120,
    maxAttempts: 2,
    retryable: passing,
  },
  'salesforce.query': {
    title: 'Run a SOQL query and fetch all pages',
    input: QueryInput,
    result: QueryResult,
    lane: 'shared',
    onWorkerLoss: 'retry',
    secrets: ['target'],
    needsSourceCode: false,
    timeoutSeconds: 600,
    maxAttempts: 3,
    retryable: passing,
  },
  'salesforce.deploy': {
    title: 'Deploy (or validate) source code to an org',
    input: DeployInput,
    result: DeployResult,
    lane: 'exclusive',
    onWorkerLoss: 'resume',
    secrets: ['target'],
    needsSourceCode: true,
    timeoutSeconds: 10_800,
    maxAttempts: 3,
    retryable: passing,
  },
  command: {
    title: 'Run a command that sfp-server.yaml declares',
    input: CommandInput,
    result: CommandResult,
    lane: 'exclusive',
    onWorkerLoss: 'indeterminate',
    secrets: [],
    needsSourceCode: 'if-named',
    declared: true,
    timeoutSeconds: 3_600,
    maxAttempts: 1,
    retryable: [...passing, 'command-failed'],
  },
} as const satisfies Record<string, TaskDefinition>;

export type TaskKind = keyof typeof TASKS;
export type QueryInput = Static<typeof QueryInput>;
export type QueryResult = Static<typeof QueryResult>;
export type DeployInput = Static<typeof DeployInput>;
export type DeployResult = Static<typeof DeployResult>;
export type ComponentFailure = Static<typeof ComponentFailure>;
export type TestFailure = Static<typeof TestFailure>;
export type IdentityResult = Static<typeof IdentityResult>;

export function isTaskKind(value: string): value is TaskKind {
  return Object.hasOwn(TASKS, value);
}

/** Whether source code is fetched before the task. */
export function wantsSourceCode(
  { needsSourceCode }: Pick<TaskDefinition, 'needsSourceCode'>,
  input: Readonly<Record<string, unknown>> | undefined,
): boolean {
  return needsSourceCode === 'if-named' ? input?.['source'] !== undefined : needsSourceCode;
}

export function taskDefinition(kind: TaskKind): TaskDefinition {
  return TASKS[kind];
}
