import type { Dispatch } from '../../src/daemon/dispatch/dispatch.ts';
import type { NewOperation, Store } from '../../src/daemon/store/port.ts';
import { type Life, ORGANISATIONS, POOLS, type Wish, type World } from './world.ts';

/** What work names: mostly an org of its own, so that lanes are full. */
const WHERE = [
  [4, ORGANISATIONS[0]],
  [4, ORGANISATIONS[1]],
  [1, 'ci'],
  [1, 'any'],
] as const;

/** One life of the server, as people reach it. */
export interface Daemon {
  readonly life: Life;
  readonly store: Store;
  readonly dispatch: Dispatch;
}

export function wish(world: World): void {
  world.wishes.push({
    key: `wish-${world.wishes.length}`,
    mode: world.chance.happens(0.6) ? 'exclusive' : 'shared',
    where: world.chance.weigh(WHERE),
    later: world.chance.happens(0.15),
    supersede: supersedeOf(world),
    onWorkerLoss: world.chance.happens(0.2) ? world.chance.pick(['resume', 'indeterminate']) : null,
    timeoutSeconds: world.chance.happens(0.2) ? 1 + world.chance.below(6) : 600,
    asking: false,
    id: null,
    cancelAnswered: false,
  });
}

/** The newest of a few branches, as webhooks ask for it. */
function supersedeOf({ chance }: World): Wish['supersede'] {
  if (!chance.happens(0.2)) return null;
  return { key: chance.pick(['main', 'release']), running: chance.pick(['keep', 'cancel']) };
}

/** A client asks under the same key until it is answered. */
export function ask(world: World, { store, life }: Daemon, one: Wish): void {
  if (one.id !== null) return;
  const claim = { token: 't', key: one.key, digest: one.key, expiresAt: '2027-01-01T00:00:00.000Z' };
  store.accept(operationOf(world, one), claim).then(
    (acceptance) => {
      if (acceptance.outcome !== 'conflict' && !life.dead) one.id = acceptance.operation.id;
    },
    () => undefined,
  );
}

function operationOf(world: World, wanted: Wish): NewOperation {
  const { key, mode, where, later, supersede, onWorkerLoss, timeoutSeconds } = wanted;
  const now = world.now();
  const pooled = Object.hasOwn(POOLS, where);
  return {
    id: world.nextId('op_'),
    tenant: 'default',
    task: mode === 'exclusive' ? 'salesforce.deploy' : 'salesforce.query',
    org: pooled ? null : where,
    lane: pooled ? null : { organisation: where, mode },
    input: { source: { directory: '/simulation' } },
    priority: world.chance.pick(['critical', 'normal', 'batch']),
    maxAttempts: 1 + world.chance.below(4),
    timeoutSeconds,
    onWorkerLoss,
    pool: pooled ? { name: where, mode } : null,
    overrideWindow: world.chance.happens(0.1) ? 'a hotfix' : null,
    labels: { wish: key },
    origin: { kind: 'api', name: null },
    retryOf: null,
    scheduledFor: later ? new Date(now.getTime() + 20_000).toISOString() : null,
    supersede,
    createdAt: now.toISOString(),
  };
}

export function cancel(world: World, { store }: Daemon): void {
  const accepted = world.wishes.filter(({ id }) => id !== null);
  if (accepted.length === 0) return;
  const { id } = world.chance.pick(accepted);
  if (id !== null) store.requestCancel('default', id, null, world.now().toISOString()).catch(() => undefined);
}

/** A lane or the server, by a person. */
export function pause(world: World, { store }: Daemon): void {
  const pausing = { by: 'ann', reason: null, at: world.now().toISOString() };
  const paused = world.chance.happens(0.3)
    ? store.pauseServer(pausing)
    : store.pauseLane('default', world.chance.pick(ORGANISATIONS), pausing);
  paused.catch(() => undefined);
}

/** What was paused by hand; the rest is resolved. */
export function resumeAll(world: World, { store }: Daemon): void {
  store.resumeServer().catch(() => undefined);
  const byHand = world.db.prepare('SELECT organisation FROM pauses WHERE operation IS NULL').all();
  for (const { organisation } of byHand as { organisation: string }[])
    store.resumeLane('default', organisation).catch(() => undefined);
}

/** A person looks into the org after every operation that nobody else can judge. */
export function resolveAll(world: World, { store }: Daemon): void {
  const resolution = { as: 'failed', note: 'looked', by: 'ann', at: world.now().toISOString() } as const;
  const rows = world.db.prepare("SELECT id FROM operations WHERE state = 'indeterminate'").all();
  for (const { id } of rows as { id: string }[])
    store.resolve('default', id, resolution).catch(() => undefined);
}

/** Of work outside that is soon killed, or that lets go of it. */
export function lock(world: World, { store }: Daemon): void {
  const id = world.nextId('lk_');
  const organisation = world.chance.pick(ORGANISATIONS);
  const ttlSeconds = 10 + world.chance.below(20);
  const at = world.now().toISOString();
  const taken = { id, ttlSeconds, note: null, by: 'ann', at };
  store.createLock('default', organisation, taken).catch(() => undefined);
  if (!world.chance.happens(0.5)) return;
  setTimeout(() => {
    world.turns += 1;
    const name = { tenant: 'default', alias: organisation, id };
    store.releaseLock(name, world.now().toISOString()).catch(() => undefined);
  }, world.chance.below(15_000));
}

/** Of the server, by a person; taken back by whoever resumes. */
export function drain({ life, dispatch }: Daemon): void {
  life.draining = true;
  dispatch.drain.begin();
}

export function undrain({ life, dispatch }: Daemon): void {
  life.draining = false;
  dispatch.drain.end();
}

/** By a little, as a daemon that keeps time does, or by more than any back-off takes. */
export function setClock(world: World): void {
  const most = world.chance.pick([20_000, 900_000]);
  world.setClock(world.chance.below(2 * most) - most);
}
