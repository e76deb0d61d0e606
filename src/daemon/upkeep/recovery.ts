import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Paths } from '../../config/paths.ts';
import { loginCheckOwner } from '../../contract/login-check.ts';
import { isTaskKind, type LossPolicy, type TaskDefinition, taskDefinition } from '../../contract/tasks.ts';
import { LOGIN_IN_USE } from '../../contract/worker-protocol.ts';
import { endCgroups } from '../dispatch/cgroups.ts';
import { identify, isRunning, signal } from '../dispatch/processes.ts';
import { removeTree } from '../dispatch/remove-tree.ts';
import { endStrays, findStrays, workerMarker } from '../dispatch/strays.ts';
import { isWorkspaceName } from '../dispatch/workspace.ts';
import { type SettleParts, settleAttempt } from '../operations/settle-attempt.ts';
import { errorOf, lossPolicy, settleLoss } from '../operations/settle-loss.ts';
import type { OpenAttempt, RecordedWorker, Settlement, Store } from '../store/port.ts';

/** A worker notices the end of its daemon and ends itself. */
const OWN_END_MS = 2_000;
/** One that has its login in use gets the time of that call: to end it then may cost the login. */
const LOGIN_MS = 10_000;
const GONE_MS = 10_000;
const LOOK_AGAIN_MS = 25;

export interface RecoveryOptions extends SettleParts {
  readonly store: Pick<Store, 'listOpenAttempts' | 'settle'>;
  readonly paths: Pick<Paths, 'work' | 'home' | 'cgroups'>;
  readonly log: Logger;
  readonly random?: () => number;
}

/**
 * After a daemon that was killed, before anything new starts: ends what its workers left running, waits until that is gone,
 * and only then settles each attempt by its task's policy. Nothing is in `running` afterwards.
 */
export async function recover(options: RecoveryOptions): Promise<void> {
  const open = await options.store.listOpenAttempts();
  const workers = open.flatMap((attempt) => attempt.workers);
  await endProcesses(options, workers, await workspaceNames(options.paths));
  // What left its group and its environment behind is still in its control group.
  if (!(await endCgroups(options.paths, GONE_MS)))
    options.log.error('a process in a control group hangs in the kernel');
  for (const attempt of open) await settleOpen(options, attempt);
  await removeWorkspaces(options);
}

/** Recorded workers, and all that lived in a workspace: also those that only waited for work, and are recorded nowhere. */
async function endProcesses(
  { log, paths }: Pick<RecoveryOptions, 'log' | 'paths'>,
  workers: readonly RecordedWorker[],
  workspaces: readonly string[],
): Promise<void> {
  const recorded = workers.map(({ marker }) => marker);
  const markers = [...recorded, ...workspaces.map((name) => workerMarker(name))];
  if (markers.length === 0) return;
  const remaining = async () =>
    workers.some(isRunning) || (await findStrays({ markers, groups: [], since: null })).length > 0;
  const refreshing = () => workspaces.some((name) => existsSync(join(paths.work, name, LOGIN_IN_USE)));
  const begun = performance.now();
  const mayGoOn = () => performance.now() < begun + (refreshing() ? LOGIN_MS : OWN_END_MS);
  while (mayGoOn() && (await remaining())) await wait(LOOK_AGAIN_MS);
  // Only a leader that still runs vouches for its group's number; without one the marker alone tells.
  const groups = workers.filter(isRunning).map(({ pid }) => pid);
  for (const group of groups) signal(-group, 'SIGKILL');
  if (!(await endStrays({ markers, groups, since: null }, GONE_MS))) {
    // A process with SIGKILL pending runs no further instruction of its own, so going on is safe.
    log.error({ markers }, 'a process of a lost worker hangs in the kernel');
  }
}

async function workspaceNames({ work }: RecoveryOptions['paths']): Promise<readonly string[]> {
  return (await readdir(work).catch(() => [])).filter(isWorkspaceName);
}

/** By the policy of its task. Nothing of it may run any more. */
export async function settleOpen(options: Omit<RecoveryOptions, 'paths'>, open: OpenAttempt): Promise<void> {
  const { operation } = open;
  const settlement = settlementOf(options, open);
  await settleAttempt(options, operation, settlement);
  options.log.warn({ operation: operation.id, to: settlement.to }, 'recovered an attempt of an earlier run');
}

function settlementOf(options: Omit<RecoveryOptions, 'paths'>, open: OpenAttempt): Settlement {
  const { checkpoint, operation } = open;
  if (!isTaskKind(operation.task)) {
    const error = errorOf('unknown-task', `This version of the server knows no task ${operation.task}.`);
    return { to: 'indeterminate', error, result: null };
  }
  return settleLoss({
    cause: 'daemon-lost',
    operation,
    checkpoint,
    policy: policyOf(taskDefinition(operation.task), open),
    detail: 'the server was killed or crashed',
    now: options.now(),
    random: (options.random ?? Math.random)(),
  });
}

/** No worker was recorded, so none was told what to do. */
function policyOf(definition: TaskDefinition, { workers, checkpoint, operation }: OpenAttempt): LossPolicy {
  return workers.length === 0 && checkpoint === null ? 'retry' : lossPolicy(definition, operation);
}

/**
 * All but those of login checks that go on: the command line runs them without a server, and beside one that starts. An owner's
 * number that somebody else has by now keeps a directory until the next start, no longer.
 *
 * One that cannot be removed keeps no server from starting: the next attempt has another one.
 */
async function removeWorkspaces({ paths, log }: RecoveryOptions): Promise<void> {
  for (const name of await readdir(paths.work).catch(() => [])) {
    const owner = loginCheckOwner(name);
    if (owner !== null && identify(owner) !== null) continue;
    const workspace = join(paths.work, name);
    await removeTree(workspace).catch((error: unknown) =>
      log.warn({ err: error, workspace }, 'a workspace is left'),
    );
  }
}
