import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import type { Database } from 'better-sqlite3';
import { openAt } from '../../src/config/windows.ts';
import { type Configuration, DEFAULT_CONFIGURATION } from '../../src/contract/configuration.ts';
import type { OperationEvent } from '../../src/contract/event.ts';
import type { Engine, Verb, Verbs } from '../../src/daemon/store/engine.ts';
import { createEngine } from '../../src/daemon/store/engine.ts';
import { createGroupCommit } from '../../src/daemon/store/group-commit.ts';
import type { NewOperation } from '../../src/daemon/store/port.ts';
import { type Chance, createChance } from '../support/seeded.ts';
import { createSharedBlank, openBlank } from './blank-database.ts';
import { watchPauses } from './watch-pauses.ts';

const BEGINNING = Date.parse('2026-03-01T10:00:00.000Z');

/** A deployment as the org of the simulation has it. */
export interface Effect {
  readonly id: string;
  readonly operation: string;
  status: 'InProgress' | 'Succeeded' | 'Canceled';
}

/** What a client knows: its wish, and the id that was answered; null: nobody answered yet. */
export interface Wish {
  readonly key: string;
  readonly mode: 'exclusive' | 'shared';
  /** An org or a pool. */
  readonly where: string;
  readonly later: boolean;
  readonly supersede: NewOperation['supersede'];
  readonly onWorkerLoss: NewOperation['onWorkerLoss'];
  readonly timeoutSeconds: number;
  asking: boolean;
  id: string | null;
  cancelAnswered: boolean;
}

/** A worker, and the attempt that it was told to work on. */
export interface ToldWorker {
  readonly marker: string;
  readonly operation: string;
  readonly attempt: number;
}

/** One life of a daemon: when it is dead, nobody hears an answer any more. */
export interface Life {
  dead: boolean;
  /** Its workers may still act; recovery ends them. */
  workersAlive: boolean;
  /** Somebody asked it to start nothing more. */
  draining: boolean;
}

/** How often things go wrong, from 0 to 1. */
export interface Faults {
  /** The store fails before anything is written. */
  storeBefore: number;
  /** It is committed, and the caller sees an error. */
  storeAfter: number;
  /** The daemon dies right after a commit, before anybody hears of it. */
  crashAfterCommit: number;
  workerDies: number;
  orgFails: number;
  /** Against other things that people do. */
  pauses: number;
  /** Somebody sets the clock of the machine. */
  clock: number;
}

/** Wraps verbs, to break what they promise. */
export type Broken = (verbs: Verbs, db: Database) => Partial<Verbs>;

export interface World {
  readonly chance: Chance;
  readonly configuration: Configuration;
  readonly db: Database;
  readonly verbs: Verbs;
  readonly commit: ReturnType<typeof createGroupCommit>;
  readonly faults: Faults;
  readonly effects: Effect[];
  readonly wishes: Wish[];
  /** Every worker that was told what to do. */
  readonly told: ToldWorker[];
  /** Everything that was ever committed, in order. */
  readonly history: OperationEvent[];
  /** What started although it was paused. */
  readonly startedPaused: readonly string[];
  /** What was claimed although a drain had begun. */
  readonly startedDraining: string[];
  /** What asked for a person when its worker is lost, and the attempt that lost one that was told what to do. */
  readonly lostForGood: Map<string, number>;
  /** What lost its worker when its time was over. */
  readonly lostAfterTime: Set<string>;
  /** Set by whoever kills the daemon from inside a commit. */
  crashed: boolean;
  /** Requests under way, and how many there were: the world is idle when neither changes. */
  busy: number;
  turns: number;
  now(): Date;
  /** So much ahead of the true time, or behind it. No timer notices. */
  setClock(aheadMs: number): void;
  nextId(prefix: string): string;
  /** Time goes on step by step, and every timer that comes due runs. */
  advance(milliseconds: number, stepMs?: number): Promise<void>;
  /** Until nothing happens any more without time going on. */
  settle(): Promise<void>;
  end(): void;
}

const shared = createSharedBlank();

export function createWorld(seed: number, broken?: Broken): World {
  const chance = createChance(seed);
  const { db, giveBack } = broken === undefined ? shared() : openBlank();
  const sound = createEngine(db);
  const watch = watchPauses({ ...sound.verbs, ...broken?.(sound.verbs, db) });
  const engine: Engine = { ...sound, verbs: watch.verbs };
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  // Modules that import setTimeout by name from node:timers/promises get the mocked one too.
  syncBuiltinESMExports();
  let elapsedMs = 0;
  let aheadMs = 0;
  let ids = 0;
  const world: World = {
    chance,
    configuration: configurationOf(chance),
    db,
    verbs: engine.verbs,
    commit: createGroupCommit(db, engine),
    faults: faultsOf(chance),
    effects: [],
    wishes: [],
    told: [],
    history: [],
    startedPaused: watch.startedPaused,
    startedDraining: [],
    lostForGood: new Map(),
    lostAfterTime: new Set(),
    crashed: false,
    busy: 0,
    turns: 0,
    now: () => new Date(BEGINNING + elapsedMs + aheadMs),
    setClock(milliseconds) {
      aheadMs = milliseconds;
    },
    nextId(prefix) {
      ids += 1;
      return `${prefix}${String(ids).padStart(26, '0')}`;
    },
    async advance(milliseconds, stepMs = STEP_MS) {
      for (let left = milliseconds; left > 0; left -= stepMs) {
        const step = Math.min(left, stepMs);
        elapsedMs += step;
        mock.timers.tick(step);
        await world.settle();
      }
    },
    async settle() {
      for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
        const before = world.turns;
        await new Promise(setImmediate);
        if (world.busy > 0 || world.turns !== before) quiet = 0;
      }
    },
    end() {
      mock.timers.reset();
      syncBuiltinESMExports();
      giveBack();
    },
  };
  return world;
}

/** better-queue goes through a few turns of the event loop before it has started what was claimed. */
const QUIET_TURNS = 6;
const STEP_MS = 1_000;

/** Some worlds are calm, in others everything goes wrong. */
function faultsOf(chance: Chance): Faults {
  const some = (most: number): number => (chance.happens(0.5) ? chance.next() * most : 0);
  return {
    storeBefore: some(0.1),
    storeAfter: some(0.15),
    crashAfterCommit: some(0.04),
    workerDies: some(0.2),
    orgFails: some(0.15),
    pauses: some(1),
    clock: some(1),
  };
}

/** In some worlds an org begins in a freeze, which ends long before the world does. */
function configurationOf(chance: Chance): Configuration {
  if (chance.happens(0.6)) return { ...DEFAULT_CONFIGURATION, pools: POOLS };
  const freeze = [{ from: '2026-03-01', to: '2026-03-01 10:01', reason: 'a freeze' }];
  return { ...DEFAULT_CONFIGURATION, pools: POOLS, orgs: { [FROZEN]: { freeze } } };
}

/** The alias of each is its id. The last one is known by pools only. */
export const ORGANISATIONS = ['00D000000000001EAA', '00D000000000002EAA', '00D000000000003EAA'] as const;
const [FROZEN, OPEN, SPARE] = ORGANISATIONS;
/** Two pools that have an org in common. */
export const POOLS: Readonly<Record<string, string[]>> = { ci: [FROZEN, OPEN], any: [SPARE, OPEN] };

/** Whether a window holds back what would be new in an org at a moment. */
export function isClosed({ configuration }: World, org: string, at: string): boolean {
  return !openAt(configuration.orgs[org] ?? {}, new Date(at)).open;
}

export function calm(faults: Faults): void {
  for (const name of Object.keys(faults) as (keyof Faults)[]) faults[name] = 0;
}

export type { Verb };
