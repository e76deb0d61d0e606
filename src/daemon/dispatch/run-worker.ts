import { realpathSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { programEnvironment } from '../../config/environment.ts';
import { withinHardLimits } from '../../config/hard-limits.ts';
import { AppError } from '../../contract/errors.ts';
import { orgAccount } from '../../contract/org.ts';
import type { Assignment, SandboxMachine } from '../../contract/worker-protocol.ts';
import type { StoredReport } from '../store/port.ts';
import { answer } from './answer.ts';
import type { Attempt, AttemptParts, Job, PoolParts } from './attempt.ts';
import type { Cgroup } from './cgroups.ts';
import { checkFetchedSource, checkTaskResult } from './check-result.ts';
import type { WorkerProgram } from './fork-worker.ts';
import { codeDirectoryOf, mayStartPrograms, workerArguments } from './permissions.ts';
import { createReportQuota, type ReportQuota } from './report-quota.ts';
import { forkStandby } from './standby.ts';
import { createStandbyPool, type StandbyPool } from './standby-pool.ts';
import { workerMarker } from './strays.ts';
import { startWorker, type WorkerEnd, type WorkerParts } from './worker-process.ts';
import { makeWorkspace, type Workspace } from './workspace.ts';

/** Runs one worker of an attempt from its fork until nothing of it is left. */
export async function runWorker(parts: AttemptParts, attempt: Attempt, job: Job): Promise<WorkerEnd> {
  if (!mayStartPrograms(job.name)) return run(parts, attempt, job, { bubblewrap: null, cgroup: null });
  try {
    const bubblewrap = await parts.isolation.demand();
    const { processes, memoryMegabytes } = parts.configuration().programs;
    const held = { processes, memoryBytes: memoryMegabytes * 2 ** 20 };
    const cgroup = parts.isolation.group(`${attempt.workspace.name}.${job.name}`, held);
    return await run(parts, attempt, job, { bubblewrap, cgroup });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, hint } = error;
    return {
      kind: 'outcome',
      outcome: { state: 'failed', error: { code, message, hint, retryable: false }, result: null },
    };
  }
}

interface Keeping {
  readonly bubblewrap: string | null;
  readonly cgroup: Cgroup | null;
}

async function run(
  parts: AttemptParts,
  attempt: Attempt,
  job: Job,
  { bubblewrap, cgroup }: Keeping,
): Promise<WorkerEnd> {
  const quota = createReportQuota(parts.limits.kept);
  const program = programOf(parts, attempt.workspace, job);
  const standby = job.name === 'task' && attempt.standby?.alive() ? attempt.standby : null;
  // One that waits may start no process, and this job is no other's.
  if (job.name === 'command') {
    await attempt.standby?.retire();
    if (job.command.artifacts !== null) await makeEmpty(job.command.artifacts);
  }
  const marker = standby?.record.marker ?? program.marker;
  const assignment = assignmentOf(parts, attempt, {
    job,
    sandbox: {
      bubblewrap,
      marker,
      environment: programEnvironment(),
      limits: withinHardLimits(parts.configuration().programs),
      home: realpathSync(parts.paths.home),
    },
  });
  const worker = startWorker(
    {
      ...program,
      standby,
      assignment,
      cgroup,
      limits: parts.limits,
    },
    workerParts(parts, attempt, { job, marker, quota, account: accountOf(assignment) }),
  );
  attempt.worker = worker;
  if (attempt.interruption !== null) worker.interrupt(attempt.interruption);
  const end = await worker.ended;
  attempt.worker = null;
  const leftOut = quota.leftOut();
  if (leftOut !== null) await recordReports(parts, attempt, [leftOut]);
  return end;
}

/** Before the fork: what a worker may write must be there to be permitted. What is there is of an attempt before this one. */
async function makeEmpty(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** Workers that wait for a task. */
export function makePool(parts: PoolParts): StandbyPool {
  const { limits, log, paths, size } = parts;
  return createStandbyPool({
    size,
    log,
    fork() {
      const workspace = makeWorkspace(paths.work);
      const program = programOf(parts, workspace, { name: 'task', source: null });
      const marker = workerMarker(workspace.name, 'standby');
      return forkStandby({ ...program, marker }, limits.readyMs);
    },
  });
}

/** Those of a task are the same for every attempt, but for the workspace: so it may be forked before there is one. */
export function programOf(
  { compiledCode, workerUrl, vault }: Pick<AttemptParts, 'compiledCode' | 'workerUrl' | 'vault'>,
  workspace: Workspace,
  job: Job,
): WorkerProgram {
  const compiled = compiledCode();
  const program = { workerUrl, codeDirectory: codeDirectoryOf(import.meta.url), compiledCode: compiled };
  const source = job.name === 'fetch-source' ? job.source : null;
  const artifacts = job.name === 'command' ? job.command.artifacts : null;
  const needs = { job: job.name, workspace: workspace.directory, vault, source, artifacts };
  const marker = workerMarker(workspace.name, job.name);
  const nodeArguments = workerArguments(program, needs);
  const { name } = job;
  return { workerUrl, workspace, marker, job: name, compiledCode: compiled, nodeArguments };
}

/** Account names come from the operation's tenant and org, never from its input. */
function assignmentOf(
  parts: AttemptParts,
  attempt: Attempt,
  { job, sandbox }: { readonly job: Job; readonly sandbox: SandboxMachine },
): Assignment {
  const { operation, workspace, checkpoint } = attempt;
  const work = {
    type: 'assignment',
    operation: operation.id,
    attempt: operation.attempt,
    tenant: operation.tenant,
    workspace: workspace.directory,
    vault: parts.vault,
    sandbox,
  } as const;
  if (job.name === 'fetch-source') return { ...work, job: job.name, source: job.source };
  const { org, tenant } = operation;
  return {
    ...work,
    job: 'task',
    task: operation.task,
    input: operation.input ?? {},
    org: org === null ? null : { alias: org, account: orgAccount(tenant, org) },
    source: job.source,
    checkpoint,
    ...(job.name === 'command' ? { command: job.command } : {}),
  };
}

/** The only login that the worker may lock. */
function accountOf(assignment: Assignment): string | null {
  return assignment.job === 'task' ? (assignment.org?.account ?? null) : null;
}

function workerParts(
  parts: AttemptParts,
  attempt: Attempt,
  worker: {
    readonly job: Job;
    readonly marker: string;
    readonly quota: ReportQuota;
    readonly account: string | null;
  },
): WorkerParts {
  const { arbitration, now, persist, store } = parts;
  const { id, attempt: number, org, tenant } = attempt.operation;
  const { account, job, marker, quota } = worker;
  arbitration.join(marker);
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
    record: (reports) => recordReports(parts, attempt, quota.keep(reports)),
    answer: (ask) =>
      answer(
        {
          worker: marker,
          arbitration,
          account,
          revokesSessions: () => revokesSessions(parts, org),
          loginUsed: () => org !== null && parts.loginUsed(tenant, org),
          recordCheckpoint,
        },
        ask,
      ),
    check: (outcome) =>
      job.name === 'fetch-source'
        ? checkFetchedSource(attempt.workspace.source, outcome)
        : checkTaskResult(attempt.kind, outcome),
    spared: () => arbitration.holdsLock(marker),
    released: () => arbitration.release(marker),
  };
}

function revokesSessions({ configuration }: AttemptParts, org: string | null): boolean {
  const { orgs } = configuration();
  return (org !== null && Object.hasOwn(orgs, org) ? orgs[org]?.revokeSessions : undefined) ?? true;
}

function recordReports(
  { now, persist, store }: AttemptParts,
  { operation }: Attempt,
  reports: readonly StoredReport[],
): Promise<boolean> {
  const { id, attempt } = operation;
  return persist(`What the worker of ${id} reported`, () =>
    store.recordReports(id, attempt, reports, now().toISOString()),
  );
}
