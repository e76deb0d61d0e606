import { setTimeout as delay } from 'node:timers/promises';
import { isFinal } from '../../src/contract/operation.ts';
import type { TestServer } from '../../test/support/server.ts';
import { insist } from '../torture/clients.ts';

const LOOK_AGAIN_MS = 250;
const LIMIT_MS = 600_000;
/** So many that nothing fails for having been killed too often. */
const MAX_ATTEMPTS = 20;

/** Many at once; answers their ids. */
export function askFor(
  server: TestServer,
  { alias, operations }: { readonly alias: string; readonly operations: number },
): Promise<readonly string[]> {
  const input = { soql: 'SELECT Id, Name FROM Organization' };
  const body = { task: 'salesforce.query', org: alias, input, maxAttempts: MAX_ATTEMPTS };
  const ask = async (number: number): Promise<string> => {
    const headers = { 'idempotency-key': `login-${number}` };
    const { id } = await insist(() => server.client.call('createOperation', { body, headers }));
    return id;
  };
  return Promise.all(Array.from({ length: operations }, (_, number) => ask(number)));
}

/** Also resolves when some are not final in time, or wait for a login that nobody gives: then they count as unfinished. */
export async function untilSucceeded(server: TestServer, ids: readonly string[]): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  let left = ids;
  while (left.length > 0 && Date.now() < deadline) {
    const now = await Promise.all(
      left.map((id) => insist(() => server.client.call('getOperation', { params: { id } }))),
    );
    const open = now.filter(({ state }) => !isFinal(state));
    if (open.every(({ waitingFor }) => waitingFor?.reason === 'credential')) return;
    left = open.map(({ id }) => id);
    if (left.length > 0) await delay(LOOK_AGAIN_MS);
  }
}
