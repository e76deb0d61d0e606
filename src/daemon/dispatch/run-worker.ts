import { join } from 'node:path';
import { orgAccount } from '../../contract/org.ts';
import type { Assignment } from '../../contract/worker-protocol.ts';
import { answer } from './answer.ts';
import type { Attempt, AttemptParts, Job } from './attempt.ts';
import { checkFetchedSource, checkTaskResult } from './check-result.ts';
import { codeDirectoryOf, type Needs, workerArguments } from './permissions.ts';
import { attemptMarker } from './strays.ts';
import { startWorker, type WorkerEnd, type WorkerParts } from './worker-process.ts';

/** Runs one worker of an attempt from its fork until nothing of it is left. */
export async function runWorker(parts: AttemptParts, attempt: Attempt, job: Job): Promise<WorkerEnd> {
  const { operation, workspace } = attempt;
  const marker = attemptMarker(operation.id, operation.attempt, job.name);
  const assignment = assignmentOf(parts, attempt, job);
  const program = { workerUrl: parts.workerUrl, codeDirectory: codeDirectoryOf(import.meta.url) };
  const worker = await startWorker(
    {
      workerUrl: parts.workerUrl,
      nodeArguments: workerArguments(program, needsOf(parts, attempt, job)),
      directory: join(workspace.directory, job.name),
      marker,
      assignment,
      limits: parts.limits,
    },
    workerParts(parts, attempt, { job, marker, account: accountOf(assignment) }),
  );
  attempt.worker = worker;
  if (attempt.interruption !== null) worker.interrupt(attempt.interruption);
  const end = await worker.ended;
  attempt.worker = null;
  return end;
}

/** Account names come from the operation's tenant and org, never from its input. */
function assignmentOf(parts: AttemptParts, attempt: Attempt, job: Job): Assignment {
  const { operation, workspace, checkpoint } = attempt;
  const work = {
    type: 'assignment',
    operation: operation.id,
    attempt: operation.attempt,
    tenant: operation.tenant,
    workspace: workspace.directory,
    vault: parts.vault,
  } as const;
  if (job.name === 'fetch-source') return { ...work, job: job.name, source: job.source };
  const { org, tenant } = operation;
  return {
    ...work,
    job: job.name,
    task: operation.task,
    input: operation.input ?? {},
    org: org === null ? null : { alias: org, account: orgAccount(tenant, org) },
    source: job.source,
    checkpoint,
  };
}

/** The only login that the worker may lock. */
function accountOf(assignment: Assignment): string | null {
  return assignment.job === 'task' ? (assignment.org?.account ?? null) : null;
}

function needsOf(parts: AttemptParts, attempt: Attempt, job: Job): Needs {
  return {
    job: job.name,
    workspace: attempt.workspace.directory,
    vault: parts.vault,
    source: job.name === 'fetch-source' ? job.source : null,
  };
}

function workerParts(
  parts: AttemptParts,
  attempt: Attempt,
  worker: { readonly job: Job; readonly marker: string; readonly account: string | null },
): WorkerParts {
  const { arbitration, now, persist, store } = parts;
  const { id, attempt: number } = attempt.operation;
  const { account, job, marker } = worker;
  const time = () => now().toISOString();
  const recordCheckpoint = async (checkpoint: NonNullable<Attempt['checkpoint']>): Promise<boolean> => {
    const write = () => store.recordCheckpoint(id, number, checkpoint, time());
    const current = await persist(`The checkpoint of ${id}`, write);
    if (current) attempt.checkpoint = checkpoint;
    return current;
  };
  return {
    recordWorker: (identity) =>
      persist(`The worker of ${id}`, () => store.recordWorker(id, number, identity)),
    record: (reports) =>
      persist(`What the worker of ${id} reported`, () => store.recordReports(id, number, reports, time())),
    answer: (ask) => answer({ worker: marker, arbitration, account, recordCheckpoint }, ask),
    check: (outcome) =>
      job.name === 'task'
        ? checkTaskResult(attempt.kind, outcome)
        : checkFetchedSource(attempt.workspace.source, outcome),
    spared: () => arbitration.holdsLock(marker),
    released: () => arbitration.release(marker),
  };
}
