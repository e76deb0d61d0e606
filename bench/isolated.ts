import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { startSalesforce } from '../test/support/salesforce/start.ts';
import { type BenchDaemon, program, registerOrg, startDaemon } from './daemon.ts';
import { type Figure, figure, round } from './figure.ts';
import { forkEmpty } from './start-work.ts';
import { makeBenchWorker } from './worker.ts';

/** Sustained, and in turns with the baseline, so that both see the same machine. */
const TURNS = 2;
/** So many wait at least while it is measured. */
const WAITING = 40;
const WARM_UP_MS = 3_000;

interface Kind {
  readonly name: string;
  readonly worker: string;
  readonly what: string;
}

/** How many operations a second can have a process of their own, over `seconds` each. */
export async function benchIsolated(seconds: number): Promise<readonly Figure[]> {
  const worker = await makeBenchWorker();
  try {
    const figures: Figure[] = [];
    for (const kind of [
      {
        name: 'isolated no-op tasks',
        worker: program('no-op-worker.mjs'),
        what: 'a process that keeps the worker protocol and does nothing else',
      },
      {
        name: 'isolated no-op tasks, jsforce ready',
        worker: worker.program,
        what: 'the published worker with typebox, jsforce and undici loaded, and a task that does nothing',
      },
    ]) {
      figures.push(await compare(kind, seconds));
    }
    return figures;
  } finally {
    worker.remove();
  }
}

async function compare({ name, worker, what }: Kind, seconds: number): Promise<Figure> {
  const places = 2 * availableParallelism();
  const turnMs = (seconds * 1_000) / TURNS;
  const done: Ran[] = [];
  const forks: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    forks.push(await runForks(turnMs, places));
    done.push(await runOperations(worker, places, turnMs));
  }
  const tasks = done.reduce((sum, ran) => sum + ran.tasks, 0);
  const workers = done.reduce((sum, ran) => sum + ran.workers, 0);
  return figure({
    name,
    value: round(tasks / seconds),
    unit: 'operations/s',
    baseline: {
      name: 'fork of an empty module',
      value: round(forks.reduce((sum, rate) => sum + rate, 0) / TURNS),
    },
    method: `${TURNS} times ${seconds / TURNS} s in turns, ${places} at once, always ${WAITING} waiting: claim, workspace, fresh process, outcome and events on disk, nothing left; ${what}; ${tasks} tasks ended by ${workers} processes; against forks of an empty ES module, ${places} at once, until each exits`,
  });
}

interface Ran {
  readonly tasks: number;
  /** Processes that were given an operation which ended in that time. */
  readonly workers: number;
}

async function runOperations(worker: string, places: number, forMs: number): Promise<Ran> {
  const org = await startSalesforce();
  const daemon = await startDaemon({ worker, concurrency: places, standby: 2 });
  try {
    await registerOrg(daemon, org);
    await keepBusy(daemon, WARM_UP_MS);
    const from = new Date().toISOString();
    await keepBusy(daemon, forMs);
    return countEnded(daemon, from, new Date().toISOString());
  } finally {
    await daemon.stop();
    await org.stop();
  }
}

/** Enqueues so that there is always something to do; little of it, as it takes time from what is measured. */
async function keepBusy({ client }: BenchDaemon, forMs: number): Promise<void> {
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const { counts } = await client.call('serverStatus');
    const missing = Math.max(0, 2 * WAITING - counts.queued);
    await Promise.all(
      Array.from({ length: missing }, () =>
        client.call('createOperation', { body: { task: 'salesforce.identity', org: 'uat', input: {} } }),
      ),
    );
    await delay(Math.min(500, Math.max(0, end - performance.now())));
  }
}

/** What the database says, so that nobody has to listen meanwhile. */
function countEnded({ paths }: BenchDaemon, from: string, to: string): Ran {
  const db = new BetterSqlite3(paths.database, { readonly: true });
  try {
    return db
      .prepare<[string, string], Ran>(
        `SELECT count(DISTINCT id) AS tasks, count(DISTINCT marker) AS workers
         FROM operations JOIN workers ON operation = id WHERE state = 'succeeded' AND finished_at BETWEEN ? AND ?`,
      )
      .get(from, to) as Ran;
  } finally {
    db.close();
  }
}

/** A second's worth of forks, sustained for that long. */
async function runForks(forMs: number, places: number): Promise<number> {
  const start = performance.now();
  let forks = 0;
  const place = async () => {
    while (performance.now() - start < forMs) {
      await forkEmpty();
      forks += 1;
    }
  };
  await Promise.all(Array.from({ length: places }, place));
  return forks / ((performance.now() - start) / 1_000);
}
