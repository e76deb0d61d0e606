import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../src/contract/errors.ts';
import { isFinal, type Operation, type OperationRequest } from '../../src/contract/operation.ts';
import type { JsonObject } from '../../src/contract/values.ts';
import type { TestServer } from '../../test/support/server.ts';
import type { Wish } from './plan.ts';
import type { Sources } from './sources.ts';

/** What a client knows for certain: this wish was answered with this id. */
export interface Accepted {
  readonly wish: Wish;
  readonly id: string;
}

const AGAIN_MS = 50;
/** So many that nothing fails for having been killed too often. */
const MAX_ATTEMPTS = 20;

/** Asks until it is answered, as a client does that knows nothing of the server's troubles: always under the same key. */
export async function submit(server: TestServer, wish: Wish, sources: Sources): Promise<Accepted> {
  await delay(wish.afterMs);
  const body = requestOf(wish, sources);
  const headers = { 'idempotency-key': wish.key };
  const { id } = await insist(() => server.client.call('createOperation', { body, headers }));
  return { wish, id };
}

/** Some change their mind; a final operation says so, and that is fine. */
export async function changeMind(server: TestServer, { wish, id }: Accepted): Promise<void> {
  if (wish.cancelAfterMs === null) return;
  await delay(wish.cancelAfterMs);
  await insist(async () => {
    try {
      await server.client.call('cancelOperation', { params: { id } });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'wrong-state') throw error;
    }
  });
}

/** False: some were not final in time. */
export async function untilFinal(
  server: TestServer,
  accepted: readonly Accepted[],
  limitMs: number,
): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  const left = new Set(accepted.map(({ id }) => id));
  while (left.size > 0 && Date.now() < deadline) {
    for (const id of left) {
      const operation = await insist(() => server.client.call('getOperation', { params: { id } }));
      if (operation.state === 'indeterminate') await resolve(server, operation);
      if (isFinal(operation.state)) left.delete(id);
    }
    if (left.size > 0) await delay(AGAIN_MS);
  }
  return left.size === 0;
}

/** As a person does who has looked into the org, so that its lane goes on; the audit judges what was there. */
async function resolve(server: TestServer, { id, resolution }: Operation): Promise<void> {
  if (resolution !== null) return;
  await insist(async () => {
    try {
      const body = { as: 'failed', note: 'the org has nothing of it' } as const;
      await server.client.call('resolveOperation', { params: { id }, body });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'wrong-state') throw error;
    }
  });
}

/** Through the time in which nobody answers; any other refusal is a finding. */
export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const passing = ['daemon-not-running', 'server-unreachable', 'store-unavailable', 'shutting-down'];
      if (!(error instanceof AppError) || !passing.includes(error.code)) throw error;
      await delay(AGAIN_MS);
    }
  }
}

function requestOf(wish: Wish, sources: Sources): OperationRequest {
  const labels = { wish: wish.key };
  const common = { org: wish.alias, labels, maxAttempts: MAX_ATTEMPTS };
  if (wish.kind === 'identity') return { ...common, task: 'salesforce.identity', input: {} };
  if (wish.kind === 'query') {
    return { ...common, task: 'salesforce.query', input: { soql: 'SELECT Id, Name FROM Account' } };
  }
  const input = { source: sources.of(wish) } as unknown as JsonObject;
  return { ...common, task: 'salesforce.deploy', input };
}
