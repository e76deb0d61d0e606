import type { JsonObject } from '../../src/contract/values.ts';
import type { Outcome } from '../../src/contract/worker-protocol.ts';
import type { Attempt, AttemptMeans, AttemptParts, Job } from '../../src/daemon/dispatch/attempt.ts';
import type { ForkedWorker } from '../../src/daemon/dispatch/fork-worker.ts';
import type { Standby } from '../../src/daemon/dispatch/standby.ts';
import { createStandbyPool } from '../../src/daemon/dispatch/standby-pool.ts';
import type { WorkerEnd } from '../../src/daemon/dispatch/worker-process.ts';
import type { Workspace } from '../../src/daemon/dispatch/workspace.ts';
import { errorOf, hasEffect } from '../../src/daemon/operations/settle-loss.ts';
import type { Life, World } from './world.ts';

/** A moment at which the worker of the simulation can be killed. */
class Death extends Error {}

/** Nobody looks at the process of a simulated worker. */
const NO_PROCESS = {} as ForkedWorker;
const LOST: WorkerEnd = { kind: 'lost', detail: 'it was killed' };
const IDENTITY = { pid: 1, startTime: '0', bootId: 'of the simulation' };
/** How long it takes to fork one ahead, and how long one lives that nobody uses. */
const FORK_MS = 800;
const IDLE_MS = 60_000;

/** Workers that follow the protocol of the real ones towards the store and an org, and die anywhere between two steps. */
export function simulateMeans(world: World, life: Life): AttemptMeans {
  return {
    makeWorkspace: () => simulateWorkspace(world),
    makePool: ({ size, log }) => createStandbyPool({ size, log, fork: () => simulateStandby(world, life) }),
    async runWorker(parts, attempt, job) {
      const worker = createWorker(world, life, { parts, attempt });
      try {
        return await worker.run(job);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        if (job.name === 'task') noteLoss(world, attempt);
        worker.haunt();
        return LOST;
      } finally {
        attempt.worker = null;
      }
    },
  };
}

/** What the invariants have to know of it: who may go on by itself, and who cannot know better. */
function noteLoss(world: World, { operation, interruption }: Attempt): void {
  if (operation.onWorkerLoss === 'indeterminate') world.lostForGood.set(operation.id, operation.attempt);
  if (interruption === 'timeout') world.lostAfterTime.add(operation.id);
}

function simulateWorkspace(world: World): Workspace {
  const name = world.nextId('w_');
  const directory = `/simulated/${name}`;
  return { name, directory, source: `${directory}/source`, remove: () => Promise.resolve() };
}

/** Some do not come up, some die while they wait. Those of a dead daemon matter to nobody. */
async function simulateStandby(world: World, life: Life): Promise<Standby | null> {
  await new Promise((resolve) => setTimeout(resolve, world.chance.below(FORK_MS)));
  world.turns += 1;
  if (life.dead) return new Promise(() => undefined);
  if (world.chance.happens(world.faults.workerDies)) return null;
  const workspace = simulateWorkspace(world);
  const end = Promise.withResolvers<void>();
  let alive = true;
  const die = (): void => {
    alive = false;
    end.resolve();
  };
  if (world.chance.happens(world.faults.workerDies)) setTimeout(die, world.chance.below(IDLE_MS));
  const record = { ...IDENTITY, marker: workspace.name };
  const discard = async (): Promise<void> => die();
  return {
    worker: NO_PROCESS,
    workspace,
    record,
    alive: () => alive,
    ended: end.promise,
    retire: discard,
    discard,
  };
}

function createWorker(
  world: World,
  life: Life,
  { parts, attempt }: { parts: AttemptParts; attempt: Attempt },
) {
  const { id, attempt: number } = attempt.operation;
  const time = (): string => world.now().toISOString();
  /** Some time passes; the worker may be killed in it, or be asked to leave. */
  const pass = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 50 + world.chance.below(1_500)));
    world.turns += 1;
    if (world.chance.happens(world.faults.workerDies)) throw new Death();
    if (attempt.interruption === 'shutdown' || !life.workersAlive) throw new Death();
  };
  const checkpoint = async (value: JsonObject): Promise<void> => {
    const write = () => parts.store.recordCheckpoint(id, number, value, time());
    if (!(await parts.persist('checkpoint', write))) throw new Death();
    attempt.checkpoint = value;
  };
  const run = async (job: Job): Promise<WorkerEnd> => {
    attempt.worker = { interrupt: () => undefined, ended: new Promise(() => undefined) };
    const standby = job.name === 'task' && attempt.standby?.alive() ? attempt.standby : null;
    const record = standby?.record ?? { ...IDENTITY, marker: world.nextId(`${job.name}_`) };
    const write = () => parts.store.recordWorker(id, number, record);
    if (standby === null && !(await parts.persist('worker', write))) return { kind: 'refused', error: null };
    world.told.push({ marker: record.marker, operation: id, attempt: number });
    await pass();
    const outcome = job.name === 'task' ? await work() : fetched();
    return { kind: 'outcome', outcome };
  };
  const work = async (): Promise<Outcome> => {
    if (attempt.kind !== 'salesforce.deploy')
      return world.chance.happens(world.faults.orgFails) ? failed() : done({});
    const deploymentId = hasEffect(attempt.checkpoint) ? await findAgain() : await send();
    if (deploymentId === null)
      return { state: 'indeterminate', error: errorOf('deploy-unknown', 'None fits.') };
    if (deploymentId === 'failed') return failed();
    if (deploymentId === 'cancelled') return { state: 'cancelled', result: null };
    return follow(deploymentId);
  };
  const send = async (): Promise<string> => {
    if (world.chance.happens(world.faults.orgFails)) return 'failed';
    if (attempt.interruption !== null) return 'cancelled';
    await checkpoint({ intent: true });
    const deploymentId = await post();
    await pass();
    await checkpoint({ intent: true, deploymentId });
    return deploymentId;
  };
  /** The daemon may be dead by now: until recovery ends it, a worker goes on. */
  const post = async (): Promise<string> => {
    await pass();
    const deploymentId = world.nextId('0Af');
    world.effects.push({ id: deploymentId, operation: id, status: 'InProgress' });
    return deploymentId;
  };
  const findAgain = async (): Promise<string | null> => {
    const known = attempt.checkpoint?.['deploymentId'];
    if (typeof known === 'string') return known;
    await pass();
    const fitting = world.effects.filter(({ operation }) => operation === id);
    const [only] = fitting;
    if (only === undefined || fitting.length > 1) return null;
    await checkpoint({ intent: true, deploymentId: only.id });
    return only.id;
  };
  const follow = async (deploymentId: string): Promise<Outcome> => {
    const effect = world.effects.find((one) => one.id === deploymentId);
    if (effect === undefined) throw new Error(`The org has no ${deploymentId}.`);
    for (let polls = 1 + world.chance.below(3); polls > 0 && effect.status === 'InProgress'; polls -= 1) {
      await pass();
      if (attempt.interruption !== null) effect.status = 'Canceled';
    }
    if (effect.status === 'InProgress') effect.status = 'Succeeded';
    if (effect.status === 'Canceled') return { state: 'cancelled', result: { deploymentId } };
    return done({ deploymentId });
  };
  const done = (result: JsonObject): Outcome => ({
    state: 'succeeded',
    result: { ...result, attempt: number },
  });

  const speakUp = (): void => {
    const row = world.db.prepare('SELECT state, attempt FROM operations WHERE id = ?').get(id);
    const { state, attempt: current } = row as { state: string; attempt: number };
    if (life.dead || (state === 'running' && current === number)) return;
    world.turns += 1;
    const said = [
      parts.store.settle(id, number, { to: 'succeeded', result: { attempt: number } }, time()),
      parts.store.recordCheckpoint(id, number, {}, time()),
    ];
    void Promise.allSettled(said);
  };

  return {
    run,
    /** What an older attempt says much later, again and again, must change nothing. */
    haunt() {
      for (let times = 0; times < 3; times += 1) setTimeout(speakUp, world.chance.below(15_000));
    },
  };
}

function failed(): Outcome {
  return { state: 'failed', error: errorOf('org-unreachable', 'The org hung up.', true), result: null };
}

function fetched(): Outcome {
  return { state: 'succeeded', result: { directory: '/source', commitId: null } };
}
