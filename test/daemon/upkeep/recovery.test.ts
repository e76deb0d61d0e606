import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Paths, pathsOf } from '../../../src/config/paths.ts';
import { DEFAULT_CONFIGURATION } from '../../../src/contract/configuration.ts';
import { loginCheckName } from '../../../src/contract/login-check.ts';
import type { Operation } from '../../../src/contract/operation.ts';
import { isRunning } from '../../../src/daemon/dispatch/processes.ts';
import { findStrays, workerMarker } from '../../../src/daemon/dispatch/strays.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { recover } from '../../../src/daemon/upkeep/recovery.ts';
import { until } from '../../support/until.ts';
import { deployment, makeHome, newOperation, QUIET, TENANT } from '../dispatch/setting.ts';

const DAEMON = fileURLToPath(new URL('../../fixtures/workers/killed-daemon.ts', import.meta.url));

let paths: Paths;
let store: Store;
let daemon: ChildProcess | null = null;

beforeEach(async () => {
  paths = pathsOf(makeHome());
  mkdirSync(paths.work, { recursive: true });
  store = await openStore({ file: paths.database });
});

afterEach(async () => {
  await kill();
  // A test that failed may have left workers that hear nothing.
  await recoverNow();
  await store.close();
  rmSync(paths.home, { recursive: true, force: true });
});

describe('after a kill -9 of the daemon', () => {
  test('what it left running is ended and settled by policy, and its workspaces are gone', async () => {
    const hanging = newOperation({ act: 'hang' });
    const last = newOperation({ act: 'hang' }, { maxAttempts: 1 });
    const cancelled = newOperation({ act: 'hang' });
    const sent = newOperation(deployment('send'), { task: 'salesforce.deploy', maxAttempts: 1 });
    const doubtful = newOperation({ act: 'hang' }, { onWorkerLoss: 'indeterminate' });
    const all = [hanging, last, cancelled, sent, doubtful];
    for (const operation of all) await store.accept(operation, null);
    startDaemon();
    await until(async () => (await workersOf(sent.id)) === 2 && (await checkpointOf(sent.id)) !== null);
    await until(async () =>
      (await Promise.all(all.map(({ id }) => workersOf(id)))).every((count) => count > 0),
    );
    await store.requestCancel(TENANT, cancelled.id, null, new Date().toISOString());
    await kill();
    // Hanging workers hear nothing of their daemon's end.
    const left = (await store.listOpenAttempts()).flatMap(({ workers }) => workers);
    expect(left.filter(isRunning).length).toBeGreaterThanOrEqual(4);
    const markers = left.map(({ marker }) => marker);

    await recoverNow();

    expect(await stateOf(hanging.id)).toBe('queued');
    expect(await stateOf(last.id)).toBe('failed');
    expect(await stateOf(cancelled.id)).toBe('cancelled');
    expect(await stateOf(sent.id)).toBe('queued');
    expect(await stateOf(doubtful.id)).toBe('indeterminate');
    expect(await findStrays({ markers, groups: [], since: null })).toEqual([]);
    expect(readdirSync(paths.work)).toEqual([]);
    expect(await store.listOpenAttempts()).toEqual([]);
  });

  test('a process that has the pid of a lost worker by chance is left alone', async () => {
    const operation = newOperation({ act: 'hang' });
    await store.accept(operation, null);
    await store.claim(new Date().toISOString());
    const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const identity = {
      marker: 'w_stranger:task',
      pid: stranger.pid ?? 0,
      startTime: '1',
      bootId: 'of another boot',
    };
    await store.recordWorker(operation.id, 1, identity);
    await recoverNow();
    expect(await stateOf(operation.id)).toBe('queued');
    expect(isRunning(identity)).toBe(false);
    expect(stranger.exitCode).toBeNull();
    expect(stranger.kill()).toBe(true);
  });

  test('a worker that only waited for work is ended too, although nobody recorded it and it hears nothing', async () => {
    startDaemon();
    const idle = async () => await findStrays({ markers: workspaces(), groups: [], since: null });
    await until(async () => (await idle()).length === 2);
    for (const pid of await idle()) process.kill(pid, 'SIGSTOP');
    await kill();
    expect(await idle()).toHaveLength(2);
    const markers = workspaces();

    await recoverNow();

    expect(await findStrays({ markers, groups: [], since: null })).toEqual([]);
    expect(readdirSync(paths.work)).toEqual([]);
  });

  test('the directory of a login check stays while its owner lives, and no longer', async () => {
    const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
    const name = loginCheckName(owner.pid ?? 0, 'op_1');
    mkdirSync(join(paths.work, name, 'tmp'), { recursive: true });
    mkdirSync(join(paths.work, 'login-check-nobody'));
    await recoverNow();
    expect(readdirSync(paths.work)).toEqual([name]);
    const ended = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await ended;
    await recoverNow();
    expect(readdirSync(paths.work)).toEqual([]);
  });

  test('there may be nothing to recover', async () => {
    await recoverNow();
    expect(await store.listOpenAttempts()).toEqual([]);
  });
});

/** As the next daemon does when it starts. */
async function recoverNow(): Promise<void> {
  const now = () => new Date();
  await recover({ store, paths, log: QUIET, now, configuration: () => DEFAULT_CONFIGURATION });
}

/** How the markers of all workers in this home begin. */
function workspaces(): readonly string[] {
  return readdirSync(paths.work).map((name) => workerMarker(name));
}

function startDaemon(): void {
  daemon = spawn(process.execPath, [DAEMON, paths.home], { stdio: ['ignore', 'inherit', 'inherit'] });
}

async function kill(): Promise<void> {
  const running = daemon;
  daemon = null;
  if (running === null || running.exitCode !== null || running.signalCode !== null) return;
  const gone = new Promise((resolve) => running.once('exit', resolve));
  running.kill('SIGKILL');
  await gone;
}

async function workersOf(id: string): Promise<number> {
  return (await store.listOpenAttempts()).find(({ operation }) => operation.id === id)?.workers.length ?? 0;
}

async function checkpointOf(id: string): Promise<unknown> {
  return (await store.listOpenAttempts()).find(({ operation }) => operation.id === id)?.checkpoint ?? null;
}

async function stateOf(id: string): Promise<Operation['state'] | undefined> {
  return (await store.getOperation(TENANT, id))?.state;
}
