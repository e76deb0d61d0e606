import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestServer } from '../../test/support/server.ts';
import { until } from '../../test/support/until.ts';
import { type Audit, audit, type Finding } from './audit.ts';
import { type Accepted, changeMind, submit, untilFinal } from './clients.ts';
import type { Orgs } from './orgs.ts';
import type { RoundPlan } from './plan.ts';
import type { Sources } from './sources.ts';
import { strike, workersOf } from './strike.ts';

export interface Setting {
  readonly server: TestServer;
  readonly orgs: Orgs;
  readonly sources: Sources;
}

export interface Round extends Audit {
  readonly accepted: number;
  readonly killed: number;
  /** From each new daemon's exec to its first question about a deployment that it found. */
  readonly recoveriesMs: readonly number[];
}

const SETTLE_LIMIT_MS = 90_000;
const GONE_LIMIT_MS = 15_000;

/** One round: load, strikes, restarts, the end of everything, a stop, and the audit. The server is stopped before and after. */
export async function runRound(setting: Setting, plan: RoundPlan): Promise<Round> {
  const { server, orgs, sources } = setting;
  sources.make(plan.wishes);
  await server.start();
  const accepted: Accepted[] = [];
  const clients = Promise.all(
    plan.wishes.map(async (wish) => {
      const one = await submit(server, wish, sources);
      accepted.push(one);
      await changeMind(server, one);
    }),
  );
  const over = clients.then(() => untilFinal(server, accepted, SETTLE_LIMIT_MS));
  over.catch(() => undefined);
  const { killed, starts } = await strikeAll(setting, plan, over);
  await over;
  await server.stop();
  const leftovers = await findLeftovers(server);
  const deployments = await orgs.deployments();
  const result = audit(server.paths.database, accepted, deployments);
  return {
    ...result,
    findings: [...result.findings, ...leftovers],
    accepted: accepted.length,
    killed,
    recoveriesMs: starts.flatMap(({ at, deployed }) => {
      const first = deployments
        .filter(({ id }) => deployed.has(id))
        .flatMap(({ polledAt }) => polledAt.filter((time) => time >= at))
        .sort((one, other) => one - other)[0];
      return first === undefined ? [] : [first - at];
    }),
  };
}

interface Start {
  readonly at: number;
  /** Deployments that went on in an org while no daemon was there. */
  readonly deployed: ReadonlySet<string>;
}

async function strikeAll({ server, orgs }: Setting, plan: RoundPlan, over: Promise<unknown>) {
  const starts: Start[] = [];
  let killed = 0;
  for (const planned of plan.strikes) {
    const struck = await strike(server, orgs, planned, over);
    if (struck === null) break;
    killed += struck.killed;
    if (!struck.daemonDown) continue;
    const open = (await orgs.deployments()).filter(
      ({ status }) => status === 'InProgress' || status === 'Pending',
    );
    starts.push({ at: Date.now(), deployed: new Set(open.map(({ id }) => id)) });
    server.launch();
  }
  return { killed, starts };
}

/** Nothing of a stopped server runs, and no workspace is left. */
async function findLeftovers(server: TestServer): Promise<readonly Finding[]> {
  await until(() => workersOf(server).length === 0, undefined, GONE_LIMIT_MS).catch(() => undefined);
  await delay(0);
  const workers = workersOf(server).map((pid) => `the process ${pid} runs on`);
  const workspaces = readdirSync(server.paths.work).map((name) => `the workspace ${name} is left`);
  return [...workers, ...workspaces].map((what) => ({ kind: 'stuck' as const, what }));
}
