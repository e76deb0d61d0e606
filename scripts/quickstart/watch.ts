import { spawn } from 'node:child_process';
import { isFinal, type Operation } from '../../src/contract/operation.ts';
import type { Stage } from './stage.ts';
import type { QuickstartServer } from './start-server.ts';

export interface Watched {
  readonly operation: Operation;
  readonly eventsReceived: number;
}

const LIMIT_MS = 180_000;

/** Follows the operation until it ends; `live` shows it as `sfp-server tail` does. */
export async function watch(
  stage: Stage,
  server: QuickstartServer,
  { operationId, live }: { readonly operationId: string; readonly live: boolean },
): Promise<Watched> {
  const counted = countEvents(
    server,
    operationId,
    AbortSignal.any([stage.signal, AbortSignal.timeout(LIMIT_MS)]),
  );
  const [eventsReceived] = await Promise.all([counted, live ? tail(stage, server, operationId) : null]);
  const operation = await server.client.call('getOperation', { params: { id: operationId } });
  return { operation, eventsReceived };
}

/** Counts the events from the first to the one that ends the operation. */
async function countEvents(
  server: QuickstartServer,
  operationId: string,
  signal: AbortSignal,
): Promise<number> {
  const { epoch } = (await server.client.call('serverStatus')).position;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let received = 0;
  const subscription = server.client.subscribe(`operation:${operationId}`, {
    after: { epoch, seq: 0 },
    signal,
    onMessage(message) {
      if (message.type !== 'event') return;
      received += 1;
      const { body } = message.event;
      if (body.type === 'state' && isFinal(body.to)) resolve(received);
    },
  });
  subscription.ended.then(() => reject(new Error('The operation did not end in time.')), reject);
  try {
    return await promise;
  } finally {
    subscription.close();
  }
}

/** The command of the CLI on this terminal; plain lines where there is none. */
async function tail(stage: Stage, server: QuickstartServer, operationId: string): Promise<void> {
  stage.say(`$ sfp-server tail ${operationId}`);
  const [program, words] = stage.command('tail', operationId);
  const child = spawn(program, words, { env: stage.environment, stdio: 'inherit' });
  stage.endOnAbort(child);
  await new Promise((resolve) => child.once('exit', resolve));
  const { state } = await server.client.call('getOperation', { params: { id: operationId } });
  // Ctrl-C and q reach the command alone; the server that it speaks of is thrown away with the play
  if (!isFinal(state)) stage.abort('Ended by hand; its server and the operation are thrown away.');
}
