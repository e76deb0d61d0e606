import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { ulid } from 'ulid';
import { workerEnvironment } from '../config/environment.ts';
import type { Paths } from '../config/paths.ts';
import { AppError, isErrorCode } from '../contract/errors.ts';
import { loginCheckName } from '../contract/login-check.ts';
import { programUrl } from '../contract/programs.ts';
import { IdentityResult } from '../contract/tasks.ts';
import {
  type Assignment,
  type DaemonMessage,
  type Outcome,
  type VaultReference,
  WorkerMessage,
} from '../contract/worker-protocol.ts';

export interface LoginCheck {
  readonly paths: Paths;
  readonly vault: VaultReference;
  readonly tenant: string;
  readonly alias: string;
  /** The vault account that holds the login. */
  readonly account: string;
  readonly signal: AbortSignal;
  readonly workerUrl?: URL;
}

const LIMIT_MS = 90_000;
/** From the outcome to the worker's own exit. */
const EXIT_LIMIT_MS = 10_000;

/**
 * Logs in to an org as operations do, in a worker of its own, and answers who we are there. The worker stores a rotated
 * refresh token in the account before it is used. AppErrors: those of the task, `worker-lost`, `timed-out`.
 */
export async function checkLogin(check: LoginCheck): Promise<IdentityResult> {
  const operation = `op_${ulid()}`;
  const workspace = join(check.paths.work, loginCheckName(process.pid, operation));
  await mkdir(join(workspace, 'tmp'), { recursive: true, mode: 0o700 });
  try {
    const outcome = await runWorker(check, { operation, workspace });
    return identityOf(outcome);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

interface Place {
  readonly operation: string;
  readonly workspace: string;
}

async function runWorker(check: LoginCheck, place: Place): Promise<Outcome | null> {
  const program = check.workerUrl ?? programUrl(import.meta.url, 'worker/main');
  const child = fork(program, {
    cwd: place.workspace,
    env: workerEnvironment({
      home: place.workspace,
      temporary: join(place.workspace, 'tmp'),
      marker: markerOf(place),
    }),
    execArgv: [],
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const limit = AbortSignal.any([check.signal, AbortSignal.timeout(LIMIT_MS)]);
  const kill = () => killGroup(child);
  limit.addEventListener('abort', kill, { once: true });
  if (limit.aborted) kill();
  try {
    const outcome = await converse(child, check, place, exited);
    if (outcome === null && limit.aborted) throw interrupted(check.signal);
    return outcome;
  } finally {
    limit.removeEventListener('abort', kill);
    kill();
  }
}

/** The daemon's side of the protocol, for one worker and one job. Null: the worker ended without an outcome. */
async function converse(
  child: ChildProcess,
  check: LoginCheck,
  place: Place,
  exited: Promise<void>,
): Promise<Outcome | null> {
  const messages = Compile(WorkerMessage);
  const concluded = Promise.withResolvers<void>();
  let outcome: Outcome | null = null;
  const send = (message: DaemonMessage) => {
    if (child.connected) child.send(message, () => {});
  };
  child.on('message', (message) => {
    if (!messages.Check(message)) return;
    if (message.type === 'ready') return send(assignmentOf(check, place));
    if (message.type === 'ask') return send(answerTo(message.id));
    if (message.body.kind === 'outcome') {
      outcome = message.body.outcome;
      concluded.resolve();
    }
    send({ type: 'acknowledged', upTo: message.number });
  });
  await Promise.race([concluded.promise, exited]);
  const timer = setTimeout(() => killGroup(child), EXIT_LIMIT_MS);
  await exited;
  clearTimeout(timer);
  return outcome;
}

function assignmentOf(check: LoginCheck, place: Place): Assignment {
  return {
    type: 'assignment',
    job: 'task',
    operation: place.operation,
    attempt: 1,
    tenant: check.tenant,
    workspace: place.workspace,
    vault: check.vault,
    sandbox: { bubblewrap: null, marker: markerOf(place), environment: {} },
    task: 'salesforce.identity',
    input: {},
    org: { alias: check.alias, account: check.account },
    source: null,
    checkpoint: null,
  };
}

function markerOf({ operation }: Place): string {
  return `${operation}:1:login-check`;
}

/**
 * One worker, so every lock is free. Its session is left to expire: for Salesforce it may be the one that running work of the
 * same user has, of which this command knows nothing.
 */
function answerTo(id: number): DaemonMessage {
  return { type: 'answer', id, body: { ok: true, revoke: false } };
}

function identityOf(outcome: Outcome | null): IdentityResult {
  if (outcome?.state === 'succeeded') {
    if (Compile(IdentityResult).Check(outcome.result)) return outcome.result as IdentityResult;
    throw new AppError('worker-protocol', 'The login check answered without saying who we are in the org.');
  }
  if (outcome?.state === 'failed' || outcome?.state === 'indeterminate') {
    const { code, message, hint } = outcome.error;
    throw new AppError(isErrorCode(code) ? code : 'task-failed', message, { hint });
  }
  throw new AppError('worker-lost', 'The login check ended without an answer.');
}

function interrupted(signal: AbortSignal): AppError {
  return signal.aborted
    ? new AppError('cancelled', 'The login was interrupted; nothing was changed.', { hint: 'Run it again.' })
    : new AppError('timed-out', `The org did not answer within ${LIMIT_MS / 1000} seconds.`, {
        hint: 'Check the login URL and the network, then run it again.',
      });
}

/** The worker and all that it started; a group that is gone already is no failure. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
