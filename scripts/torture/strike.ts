import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { WORKER_MARKER } from '../../src/contract/worker-protocol.ts';
import type { TestServer } from '../../test/support/server.ts';
import type { Orgs } from './orgs.ts';
import type { Strike, Target } from './plan.ts';

/** What one strike did. */
export interface Struck {
  readonly killed: number;
  readonly daemonDown: boolean;
}

/** Waits for the moment and kills with SIGKILL; null: everything was over before the moment came. */
export async function strike(
  server: TestServer,
  orgs: Orgs,
  { moment, lateMs, target }: Strike,
  over: Promise<unknown>,
): Promise<Struck | null> {
  const come = 'call' in moment ? orgs.trap(moment) : delay(moment.afterMs);
  const came = await Promise.race([come.then(() => true), over.then(() => false)]);
  if (!came) {
    orgs.release();
    return null;
  }
  await delay(lateMs);
  const struck = await kill(server, target);
  orgs.release();
  return struck;
}

async function kill(server: TestServer, target: Target): Promise<Struck> {
  // Those that only wait for work die with the others; alone, only one with work is worth a strike.
  const chosen =
    target === 'one-worker' ? busyOf(server).slice(-1) : target === 'daemon' ? [] : workersOf(server);
  const daemonDown = target.includes('daemon');
  if (target === 'workers-then-daemon') killAll(chosen);
  if (daemonDown) await server.kill();
  if (target !== 'workers-then-daemon') killAll(chosen);
  return { killed: chosen.length + Number(daemonDown), daemonDown };
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** Those that were given work which has not ended, oldest first: the store knows them. */
function busyOf(server: TestServer): readonly number[] {
  const db = new BetterSqlite3(server.paths.database, { readonly: true });
  try {
    const busy = db
      .prepare<[], number>(
        `SELECT workers.pid FROM attempts JOIN workers ON workers.operation = attempts.operation AND workers.attempt = attempts.number
         WHERE attempts.ended_at IS NULL`,
      )
      .pluck()
      .all();
    return workersOf(server).filter((pid) => busy.includes(pid));
  } finally {
    db.close();
  }
}

/** Processes that carry a worker's marker and live in this server's home, oldest first; also those that wait for work. */
export function workersOf(server: TestServer): readonly number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return environment.includes(`${WORKER_MARKER}=`) && environment.includes(`HOME=${server.paths.work}/`);
    } catch {
      return false;
    }
  });
}
