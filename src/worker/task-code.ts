import type { TaskKind } from '../contract/tasks.ts';
import type { RunTask } from './work.ts';

/** The code of every kind of work; a kind without code does not compile. Only what is needed is loaded. */
export const TASK_CODE: Record<TaskKind, () => Promise<RunTask>> = {
  'salesforce.identity': async () => (await import('./tasks/salesforce-identity.ts')).identify,
  'salesforce.query': async () => (await import('./tasks/salesforce-query.ts')).query,
  'salesforce.deploy': async () => (await import('./tasks/salesforce-deploy.ts')).deploy,
  command: async () => (await import('./tasks/command.ts')).command,
};

/** Code only: nothing is opened or asked for. What cannot be loaded fails the task that needs it, and no other. */
export async function loadTasks(): Promise<void> {
  const tasks = Object.values(TASK_CODE).map((load) => load());
  await Promise.allSettled([...tasks, import('../vault/open.ts')]);
}
