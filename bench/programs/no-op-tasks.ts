import type { Outcome } from '../../src/contract/worker-protocol.ts';

/** In the place of the real tasks: the code that they share is loaded as theirs is, and the moment is the result. */
async function runs(): Promise<Outcome> {
  return {
    state: 'succeeded',
    result: {
      organisationId: '00D5g000004AcMeEAK',
      userId: '005000000000001AAA',
      username: String(performance.timeOrigin + performance.now()),
      instanceUrl: 'http://127.0.0.1',
      apiVersion: '65.0',
    },
  };
}

export const TASK_CODE = { 'salesforce.identity': async () => runs };

export async function loadTasks(): Promise<void> {
  await import('../../src/worker/session/with-org.ts');
}
