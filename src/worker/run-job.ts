import { AppError } from '../contract/errors.ts';
import type { OperationError } from '../contract/operation.ts';
import { isTaskKind, taskDefinition } from '../contract/tasks.ts';
import type { Outcome } from '../contract/worker-protocol.ts';
import { endsOperation, Stopped } from './stopped.ts';
import { TASK_CODE } from './task-code.ts';
import { type FetchAssignment, succeeded, type TaskAssignment, type Work } from './work.ts';

/** Runs the one job of this worker. Null: it ends without an outcome, because another attempt goes on from here. */
export async function runJob(work: Work): Promise<Outcome | null> {
  try {
    return await run(work);
  } catch (error) {
    if (error instanceof Stopped) return stopped(error);
    return failed(work, error);
  }
}

async function run(work: Work): Promise<Outcome> {
  const { assignment } = work;
  if (assignment.job === 'fetch-source') {
    const { fetchSource } = await import('./source/fetch-source.ts');
    return succeeded({ ...(await fetchSource(work as Work<FetchAssignment>)) });
  }
  if (!isTaskKind(assignment.task)) {
    throw new AppError('unknown-task', `This worker knows no task ${assignment.task}.`);
  }
  const runTask = await TASK_CODE[assignment.task]();
  return runTask(work as Work<TaskAssignment>);
}

function stopped({ because }: Stopped): Outcome | null {
  return endsOperation(because) ? { state: 'cancelled', result: null } : null;
}

function failed(work: Work, error: unknown): Outcome {
  if (!(error instanceof AppError)) reportBug(work, error);
  const said = operationError(work, error);
  // Something was sent, and nobody could find out what came of it.
  if (said.code === 'deploy-unknown') return { state: 'indeterminate', error: said };
  return { state: 'failed', error: said, result: null };
}

/** What the person who looks for the cause needs, and what is no one sentence. */
function reportBug({ report }: Work, error: unknown): void {
  report.log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
}

function operationError({ assignment }: Work, error: unknown): OperationError {
  const known = error instanceof AppError ? error : new AppError('task-failed', bugSentence(error));
  const { code, message, hint } = known;
  return { code, message, hint, retryable: isRetryable(assignment, known) };
}

function isRetryable(assignment: Work['assignment'], { code }: AppError): boolean {
  if (assignment.job !== 'task' || !isTaskKind(assignment.task)) return false;
  return taskDefinition(assignment.task).retryable.includes(code);
}

function bugSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `The task ended with an error that it did not expect: ${message}`;
}
