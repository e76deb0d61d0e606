import pino from 'pino';
import { pathsOf } from '../../src/config/paths.ts';
import type { OrgRegistration } from '../../src/contract/org.ts';
import { claimAlong } from '../../src/daemon/dispatch/claim-along.ts';
import { createDispatch, type Dispatch } from '../../src/daemon/dispatch/dispatch.ts';
import type { MachineIsolation } from '../../src/daemon/dispatch/isolation.ts';
import { settleOpen } from '../../src/daemon/upkeep/recovery.ts';
import { createInvariants } from './invariants.ts';
import {
  ask,
  cancel,
  type Daemon,
  drain,
  lock,
  pause,
  resolveAll,
  resumeAll,
  setClock,
  undrain,
  wish,
} from './people.ts';
import { sweep } from './retention.ts';
import { simulateStore } from './simulated-store.ts';
import { simulateMeans } from './simulated-worker.ts';
import { type Broken, calm, createWorld, type Life, ORGANISATIONS, type World } from './world.ts';

const STEPS = 30;
/** In a calm world, long enough for every back-off. */
const CALM_LIMIT_MS = 3_600_000;
/** What takes longer waits for a time that was chosen while the clock was wrong; small steps show nothing more. */
const SOON_MS = 120_000;
/** Parts of the dispatch that do not do what they are asked. */
export type Deaf = Partial<Dispatch>;

/**
 * One world from its first request to its last end: the product's store, dispatch, settlement and recovery over a clock that
 * jumps, with faults. Throws a Violation; answers the history, which is the same for the same seed.
 */
export async function simulate(seed: number, broken?: Broken, deaf: Deaf = {}): Promise<string> {
  const world = createWorld(seed, broken);
  let daemon: Daemon | null = null;
  try {
    const invariants = createInvariants(world);
    for (const organisation of ORGANISATIONS)
      world.verbs.putOrg('default', organisation, org(organisation), '');
    for (let step = 0; step < STEPS; step += 1) {
      daemon = await takeStep(world, daemon, deaf);
      await world.advance(world.chance.below(2_500));
      if (world.crashed) daemon = die(world, daemon);
      invariants.check();
    }
    calm(world.faults);
    world.setClock(0);
    for (let waitedMs = 0; waitedMs < CALM_LIMIT_MS && !isOver(world); waitedMs += 10_000) {
      daemon ??= await start(world, deaf);
      for (const wish of world.wishes) if (daemon !== null) ask(world, daemon, wish);
      if (daemon !== null) resolveAll(world, daemon);
      if (daemon !== null) undrain(daemon);
      if (daemon !== null) resumeAll(world, daemon);
      await world.advance(10_000, waitedMs < SOON_MS ? undefined : 10_000);
      invariants.check();
      if (waitedMs === SOON_MS) invariants.checkTimes();
    }
    invariants.checkEnd();
    return JSON.stringify(world.history);
  } finally {
    await end(world, daemon);
  }
}

async function takeStep(world: World, daemon: Daemon | null, deaf: Deaf): Promise<Daemon | null> {
  if (daemon === null) return world.chance.happens(0.7) ? start(world, deaf) : null;
  const act = world.chance.weigh([
    [5, 'wish'],
    [2, 'ask'],
    [2, 'cancel'],
    [world.faults.pauses, 'pause'],
    [world.faults.pauses / 2, 'drain'],
    [1, 'resume'],
    [1, 'resolve'],
    [world.faults.pauses, 'lock'],
    [world.faults.clock, 'set clock'],
    [1, 'sweep'],
    [1, 'kill'],
    [0.5, 'stop'],
    [4, 'nothing'],
  ] as const);
  if (act === 'wish') wish(world);
  if (act === 'wish' || act === 'ask') for (const one of world.wishes) ask(world, daemon, one);
  if (act === 'cancel') cancel(world, daemon);
  if (act === 'pause') pause(world, daemon);
  if (act === 'drain') drain(daemon);
  if (act === 'resume') undrain(daemon);
  if (act === 'resume') resumeAll(world, daemon);
  if (act === 'resolve') resolveAll(world, daemon);
  if (act === 'lock') lock(world, daemon);
  if (act === 'set clock') setClock(world);
  if (act === 'sweep') sweep(world, daemon);
  if (act === 'kill') return die(world, daemon);
  if (act === 'stop') return stop(world, daemon);
  return daemon;
}

/** As the application starts: what an earlier life left is settled before anything new runs. */
async function start(world: World, deaf: Deaf): Promise<Daemon | null> {
  const life: Life = { dead: false, workersAlive: true, draining: false };
  const store = simulateStore(world, life);
  const log = SILENT;
  const { now } = world;
  const configuration = () => world.configuration;
  const parts = { store, log, now, configuration, random: world.chance.next };
  const recovered = (async () => {
    for (const open of await store.listOpenAttempts()) await settleOpen(parts, open);
    return true;
  })().catch(() => false);
  await world.settle();
  if (life.dead || !(await recovered)) return dieIn(world, life);
  const dispatch = createDispatch({
    ...parts,
    paths: pathsOf('/simulation'),
    vault: { provider: 'file', directory: '/simulation' },
    isolation: NO_ISOLATION,
    workerUrl: new URL('file:///simulation'),
    resolveSource: async () => ({ kind: 'directory', directory: '/simulation' }),
    means: simulateMeans(world, life),
  });
  await dispatch.start();
  dispatch.wake();
  return { life, store: claimAlong(store, () => dispatch.claim()), dispatch: { ...dispatch, ...deaf } };
}

const SILENT = pino({ level: 'silent' });

/** Simulated workers are no processes. */
const NO_ISOLATION: MachineIsolation = {
  look: () => undefined,
  report: async () => ({ wanted: 'preferred', parts: [] }),
  demand: async () => null,
  group: () => null,
  close: () => Promise.resolve(),
};

/** kill -9. Its workers act on until the next life ends them, but for a moment only. */
function die(world: World, daemon: Daemon | null): null {
  if (daemon !== null) dieIn(world, daemon.life);
  return null;
}

function dieIn(world: World, life: Life): null {
  life.dead = true;
  world.crashed = false;
  if (world.chance.happens(0.5)) life.workersAlive = false;
  else setTimeout(() => Object.assign(life, { workersAlive: false }), 0);
  return null;
}

/** As an administrator stops it; a commit may kill it while it stops. */
async function stop(world: World, { life, dispatch }: Daemon): Promise<null> {
  let stopped = false;
  void dispatch.stop().then(() => {
    stopped = true;
  });
  for (let turns = 0; !stopped && !life.dead && turns < 200; turns += 1) await world.advance(1_000);
  return dieIn(world, life);
}

function org(organisationId: string): OrgRegistration {
  return { kind: 'jwt', username: 'ann', instanceUrl: 'https://org.example', organisationId };
}

function isOver(world: World): boolean {
  if (world.wishes.some(({ id }) => id === null)) return false;
  return world.db.prepare('SELECT 1 FROM operations WHERE finished_at IS NULL').get() === undefined;
}

async function end(world: World, daemon: Daemon | null): Promise<void> {
  if (daemon !== null) die(world, daemon);
  await world.settle();
  world.end();
}
