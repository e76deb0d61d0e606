import { hash } from 'node:crypto';
import type { Caller } from '../../contract/access.ts';
import { AppError } from '../../contract/errors.ts';
import {
  INPUT_LIMIT_BYTES,
  type Operation,
  type OperationRequest,
  type Origin,
} from '../../contract/operation.ts';
import type { SourceCode } from '../../contract/source-code.ts';
import { isTaskKind, type TaskKind, taskDefinition, wantsSourceCode } from '../../contract/tasks.ts';
import type { Acceptance, IdempotencyClaim, NewOperation } from '../store/port.ts';
import { checkInput, checkRequest } from './check-request.ts';
import { createIds } from './ids.ts';
import type { OperationParts } from './parts.ts';
import { checkLossPolicy, checkOrg, type Policy, policyOf } from './policy.ts';
import { resolveSource } from './source.ts';
import { unknownOrg } from './unknown-org.ts';

export type { OperationParts } from './parts.ts';

const HOUR_MS = 3_600_000;
const LATEST_RUN_MS = 366 * 24 * HOUR_MS;

const nextId = createIds();

/** One request becomes one operation, once: the same key and body answer with the first operation. */
export async function acceptOperation(
  parts: OperationParts,
  caller: Caller,
  request: OperationRequest,
  options: { readonly idempotencyKey: string | null; readonly origin: Origin },
): Promise<{ replayed: boolean; operation: Operation }> {
  const { idempotencyKey, origin } = options;
  const claim = idempotencyKey === null ? null : claimOf(parts, caller, request, idempotencyKey);
  const wanted = { tenant: caller.tenant, request, origin, retryOf: null };
  const acceptance = await acceptOnce(parts, wanted, claim);
  if (acceptance.outcome === 'conflict') {
    throw new AppError(
      'idempotency-conflict',
      `The Idempotency-Key "${idempotencyKey}" was used for a different request.`,
    );
  }
  return { replayed: acceptance.outcome === 'replayed', operation: acceptance.operation };
}

/**
 * A key that is known comes before every check: what was accepted stays so, though its org or its upload may be gone by now.
 * The store looks at the key when it accepts; here it is only asked for the sake of a request that would be refused.
 */
async function acceptOnce(
  parts: OperationParts,
  wanted: Wanted,
  claim: IdempotencyClaim | null,
): Promise<Acceptance> {
  const { store, now } = parts;
  let operation: NewOperation;
  try {
    operation = await prepareOperation(parts, wanted);
  } catch (refusal) {
    const replay = claim && (await store.findReplay(wanted.tenant, claim, now().toISOString()));
    if (replay === null) throw refusal;
    return replay;
  }
  return await store.accept(operation, claim);
}

interface Wanted {
  readonly tenant: string;
  readonly request: OperationRequest;
  readonly origin: Origin;
  readonly retryOf: string | null;
}

/** All checks of a request, in the order in which a person would want to hear of them; writes nothing. */
export async function prepareOperation(parts: OperationParts, wanted: Wanted): Promise<NewOperation> {
  const { tenant, request } = wanted;
  checkRequest(request);
  const task = knownTask(request.task);
  checkInput(task, request.input);
  checkSize(request);
  const policy = policyOf(parts, task, request.input);
  checkLossPolicy(request, policy);
  checkOrg(request, policy);
  const now = parts.now();
  const scheduledFor = scheduleOf(request.runAt, now);
  const place = await placeOf(parts, tenant, request, policy);
  // the schema of such a task requires `source`
  if (wantsSourceCode(taskDefinition(task), request.input)) {
    await resolveSource(parts, tenant, request.input['source'] as SourceCode);
  }
  return {
    id: `op_${nextId(now.getTime())}`,
    tenant,
    task,
    ...place,
    input: request.input,
    priority: request.priority ?? 'normal',
    maxAttempts: request.maxAttempts ?? policy.maxAttempts,
    timeoutSeconds: request.timeoutSeconds ?? policy.timeoutSeconds,
    onWorkerLoss: request.onWorkerLoss ?? (policy.declared ? policy.onWorkerLoss : null),
    overrideWindow: request.overrideWindow ?? null,
    labels: request.labels ?? {},
    origin: wanted.origin,
    retryOf: wanted.retryOf,
    scheduledFor,
    supersede: request.supersede ?? null,
    createdAt: now.toISOString(),
    queue: parts.configuration().queue,
  };
}

function knownTask(task: string): TaskKind {
  if (isTaskKind(task)) return task;
  throw new AppError('unknown-task', `There is no task "${task}".`);
}

function checkSize(request: OperationRequest): void {
  const bytes = Buffer.byteLength(JSON.stringify(request.input));
  if (bytes <= INPUT_LIMIT_BYTES) return;
  throw new AppError('body-too-large', `The input has ${bytes} bytes and may have ${INPUT_LIMIT_BYTES}.`);
}

/** A moment that has come already means at once. */
function scheduleOf(runAt: string | undefined, now: Date): string | null {
  if (runAt === undefined) return null;
  const at = new Date(runAt);
  if (Number.isNaN(at.getTime())) throw new AppError('invalid-request', 'runAt is no ISO 8601 time.');
  if (at.getTime() - now.getTime() > LATEST_RUN_MS) {
    throw new AppError('invalid-request', 'runAt is more than a year ahead.');
  }
  return at > now ? at.toISOString() : null;
}

/** Where it runs: in no org, in one, or in whichever of a pool takes it. */
async function placeOf(
  parts: OperationParts,
  tenant: string,
  request: OperationRequest,
  { lane: mode }: Policy,
): Promise<Pick<NewOperation, 'org' | 'lane' | 'pool'>> {
  const { org } = request;
  if (org === undefined) return { org: null, lane: null, pool: null };
  const { pools } = parts.configuration();
  const members = Object.hasOwn(pools, org) ? (pools[org] ?? []) : null;
  const found = await Promise.all(
    (members ?? [org]).map(async (alias) => parts.store.getOrganisationId(tenant, alias)),
  );
  const organisation = found.find((id) => id !== null) ?? null;
  if (organisation === null) throw unknownOrg(org, members !== null);
  if (members !== null) return { org: null, lane: null, pool: { name: org, mode } };
  return { org, lane: { organisation, mode }, pool: null };
}

function claimOf(
  parts: OperationParts,
  caller: Caller,
  request: OperationRequest,
  key: string,
): IdempotencyClaim {
  const keptMs = parts.configuration().idempotency.keepHours * HOUR_MS;
  return {
    token: caller.token?.id ?? 'control',
    key,
    digest: hash('sha256', canonicalJson(request)),
    expiresAt: new Date(parts.now().getTime() + keptMs).toISOString(),
  };
}

/** The same text for the same request, in whatever order its fields came. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join()}}`;
}
