import type { Store } from '../../src/daemon/store/port.ts';
import type { EndedPlace, RetentionLimits } from '../../src/daemon/store/retention-port.ts';
import type { World } from './world.ts';

/** Seconds, so that a short life reaches them. */
const SHORT = { days: 10 / 86_400, atMost: 1_000 };
const LIMITS: RetentionLimits = {
  operations: SHORT,
  events: SHORT,
  deliveries: SHORT,
  database: { atMostMegabytes: 1_000 },
};

/** One sweep as upkeep makes it; what fails is tried at the next one. */
export function sweep(world: World, { store }: { readonly store: Store }): void {
  const now = world.now().toISOString();
  const prune = async (): Promise<void> => {
    const plan = await store.planRetention(LIMITS, now);
    while (await store.pruneEvents(plan));
    let place: EndedPlace | null = null;
    do place = await store.pruneOperations(plan, place, now);
    while (place !== null);
  };
  prune().catch(() => undefined);
}

/** Says what is wrong with the events that are kept; null: nothing. */
export function createHistoryCheck(world: World): () => string | null {
  const kept = world.db.prepare<[], { seq: number }>('SELECT seq FROM events ORDER BY seq');
  const pruned = world.db.prepare<[], { seq: number }>('SELECT pruned_up_to AS seq FROM meta');
  const begun = world.db.prepare<[], { id: string; events: number }>(
    `SELECT id, (SELECT count(*) FROM events WHERE operation = o.id) AS events FROM operations AS o
     WHERE finished_at IS NULL AND attempt > 0`,
  );
  let before = new Map<string, number>();

  return () => {
    const upTo = pruned.get()?.seq ?? 0;
    const expected = world.history.map(({ seq }) => seq).filter((seq) => seq > upTo);
    const found = kept.all().map(({ seq }) => seq);
    if (found.join() !== expected.join()) return `${found.length} events where ${expected.length} belong`;
    const now = new Map(begun.all().map(({ id, events }) => [id, events]));
    const shrunk = [...now].find(([id, events]) => events < (before.get(id) ?? 0));
    before = now;
    return shrunk === undefined ? null : `${shrunk[0]} has begun and not ended, and lost events`;
  };
}
