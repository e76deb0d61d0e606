import { AppError } from '../../src/contract/errors.ts';
import type { OperationEvent } from '../../src/contract/event.ts';
import { fromFailure } from '../../src/daemon/store/failure.ts';
import type { Answer, Request } from '../../src/daemon/store/group-commit.ts';
import type { Claim, Store } from '../../src/daemon/store/port.ts';
import type { Life, Verb, World } from './world.ts';

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };
type Asked = Request & Waiting & { readonly draining: boolean };

/** The store as one life of the daemon sees it: the product's verbs and group commit, over answers that get lost. */
export function simulateStore(world: World, life: Life): Store {
  const listeners = new Set<(events: readonly OperationEvent[]) => void>();
  let tick: Asked[] = [];

  const flush = (): void => {
    const requests = tick;
    tick = [];
    world.busy -= requests.length;
    world.turns += 1;
    if (life.dead) return;
    const { storeBefore, storeAfter, crashAfterCommit } = world.faults;
    if (world.chance.happens(storeBefore)) {
      fail(requests);
      return;
    }
    const { answers, events } = world.commit(requests.map(({ id, verb, args }) => ({ id, verb, args })));
    world.history.push(...events);
    for (const { verb, draining, id } of requests)
      if (verb === 'claim' && draining) noteStart(world, answers[id]);
    if (world.chance.happens(crashAfterCommit)) {
      world.crashed = true;
      life.dead = true;
      return;
    }
    if (world.chance.happens(storeAfter)) {
      fail(requests);
      return;
    }
    if (events.length > 0) for (const listener of listeners) listener(events);
    for (const [index, answer] of answers.entries()) {
      const waiting = requests[index];
      if ('failure' in answer) waiting?.reject(fromFailure(answer.failure));
      else waiting?.resolve(copyOf(answer.value));
    }
  };
  const call = (verb: Verb, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (life.dead) return;
      if (tick.length === 0) setImmediate(flush);
      world.busy += 1;
      tick.push({
        id: tick.length,
        verb,
        args: args.map(copyOf),
        draining: life.draining,
        resolve,
        reject,
      });
    });
  const verbs = Object.keys(world.verbs).map((verb) => [
    verb,
    (...args: unknown[]) => call(verb as Verb, args),
  ]);
  return {
    ...(Object.fromEntries(verbs) as Omit<Store, 'onCommitted' | 'copy' | 'close'>),
    onCommitted(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    copy: () => Promise.reject(new Error('The simulation has no file.')),
    close: () => Promise.resolve(),
  };
}

/** As it comes through the channel of the store's thread; most are words and numbers. */
function copyOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}

function noteStart(world: World, answer: Answer | undefined): void {
  if (answer === undefined || !('value' in answer) || answer.value === null) return;
  world.startedDraining.push((answer.value as Claim).operation.id);
}

function fail(requests: readonly Waiting[]): void {
  for (const { reject } of requests) reject(new AppError('store-unavailable', 'A fault of the simulation.'));
}
