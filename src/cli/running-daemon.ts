import type { Client } from '../client/client.ts';
import { AppError } from '../contract/errors.ts';

/** AppError `daemon-running` when a daemon answers; also when one is there and does not answer well. */
export async function refuseRunningDaemon(client: Client, home: string): Promise<void> {
  try {
    await client.call('health');
  } catch (error) {
    if (error instanceof AppError && error.code === 'daemon-not-running') return;
    throw error;
  }
  throw new AppError('daemon-running', `The daemon of ${home} runs.`);
}
