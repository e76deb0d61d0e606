import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../client/client.ts';
import { AppError } from '../contract/errors.ts';
import { isFinal, type Operation } from '../contract/operation.ts';

const STEP_MS = 200;

/** The operation in its final state; AppError `still-running` when it has none in time. */
export async function waitOperation(client: Client, id: string, limitMs: number): Promise<Operation> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const operation = await client.call('getOperation', { params: { id } });
    if (isFinal(operation.state)) return operation;
    if (performance.now() > deadline) {
      throw new AppError('still-running', `Operation ${id} is ${operation.state}.`, {
        hint: `Follow it: sfp-server tail ${id}`,
      });
    }
    await pause(STEP_MS);
  }
}
