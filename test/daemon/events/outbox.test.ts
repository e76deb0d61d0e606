import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { OperationEvent, Position } from '../../../src/contract/event.ts';
import { createOutbox, type FollowFilter, type Sink } from '../../../src/daemon/events/outbox.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { at, freshStore, newOperation, operationId } from '../store/home.ts';

const EVERYTHING: FollowFilter = { tenant: 'default', operation: null, org: null };
const NEVER = 'never';

class Heard implements Sink {
  readonly seqs: number[] = [];
  readonly operations: string[] = [];
  start: { position: Position; recovered: boolean } | null = null;
  readonly caughtUpAt: number[] = [];
  failure: unknown = NEVER;
  work: (events: readonly OperationEvent[]) => Promise<void> = async () => undefined;

  subscribed(position: Position, recovered: boolean): void {
    this.start = { position, recovered };
  }

  async events(events: readonly OperationEvent[]): Promise<void> {
    this.seqs.push(...events.map(({ seq }) => seq));
    this.operations.push(...events.map(({ operation }) => operation));
    await this.work(events);
  }

  caughtUp(position: Position): void {
    this.caughtUpAt.push(position.seq);
  }

  failed(error: unknown): void {
    this.failure = error;
  }
}

async function setUp(file?: string) {
  const { store, file: where } = await freshStore(file);
  const outbox = createOutbox(store);
  onTestFinished(() => outbox.stop());
  const follow = async (after: Position | null, filter = EVERYTHING, heard = new Heard()) => {
    const subscription = await outbox.follow(filter, after, heard);
    return Object.assign(heard, { stop: subscription.stop });
  };
  return { store, outbox, follow, file: where };
}

/** Operations without a lane: each is one event. */
function accept(store: Store, from: number, to: number): Promise<unknown> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return Promise.all(
    numbers.map((number) => store.accept(newOperation(number, { lane: null, org: null }), null)),
  );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('a follower', () => {
  test('without a position hears what commits from now on', async () => {
    const { store, follow } = await setUp();
    await accept(store, 1, 3);
    const heard = await follow(null);
    expect(heard.start).toEqual({ position: await store.position(), recovered: true });
    await accept(store, 4, 5);
    await vi.waitFor(() => expect(heard.seqs).toEqual([4, 5]));
    expect(heard.caughtUpAt).toEqual([3]);
  });

  test('goes on from any position without a gap and without a double', async () => {
    const { store, follow } = await setUp();
    await accept(store, 1, 20);
    const { epoch } = await store.position();
    const all = await Promise.all(range(0, 20).map((seq) => follow({ epoch, seq })));
    for (const heard of all) await vi.waitFor(() => expect(heard.caughtUpAt).toEqual([20]));
    await accept(store, 21, 23);
    for (const [after, heard] of all.entries()) {
      await vi.waitFor(() => expect(heard.seqs.at(-1)).toBe(23));
      expect(heard.start).toEqual({ position: { epoch, seq: after }, recovered: true });
      expect(heard.seqs).toEqual(range(after + 1, 23));
      expect(heard.caughtUpAt).toEqual([20]);
    }
  });

  test('misses nothing and hears nothing twice while much is written', async () => {
    const { store, follow } = await setUp();
    await accept(store, 1, 1_200);
    const { epoch } = await store.position();
    let written = 1_200;
    const writing = (async () => {
      for (; written < 4_000; written += 100) {
        const batches = range(0, 9).map((part) =>
          accept(store, written + part * 10 + 1, written + part * 10 + 10),
        );
        await Promise.all(batches);
      }
    })();
    const followers = [];
    for (const seq of [0, 1, 499, 500, 501, 1_000, 1_199, 1_200])
      followers.push({ seq, heard: await follow({ epoch, seq }) });
    const late = await follow(null);
    await writing;
    for (const { seq, heard } of followers) {
      await vi.waitFor(() => expect(heard.seqs.at(-1)).toBe(4_000), { timeout: 20_000 });
      expect(heard.seqs).toEqual(range(seq + 1, 4_000));
      expect(heard.caughtUpAt).toHaveLength(1);
    }
    await vi.waitFor(() => expect(late.seqs.at(-1)).toBe(4_000));
    expect(late.seqs).toEqual(range((late.start?.position.seq ?? 0) + 1, 4_000));
  });

  test('that is slow gets everything all the same', async () => {
    const { store, follow } = await setUp();
    const slow = new Heard();
    const gate = Promise.withResolvers<void>();
    slow.work = () => gate.promise;
    await follow(null, EVERYTHING, slow);
    await accept(store, 1, 1);
    await vi.waitFor(() => expect(slow.seqs).toEqual([1]));
    for (let start = 2; start < 2_600; start += 200) await accept(store, start, start + 199);
    expect(slow.seqs).toEqual([1]);
    gate.resolve();
    await vi.waitFor(() => expect(slow.seqs).toEqual(range(1, 2_601)));
  });

  test('hears its tenant, its operation or its org, and knows how far the rest has come', async () => {
    const { store, follow } = await setUp();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { tenant: 'other' }), null);
    await store.accept(newOperation(3, { org: 'dev' }), null);
    const { epoch } = await store.position();
    const from = { epoch, seq: 0 };
    const tenant = await follow(from);
    const one = await follow(from, { ...EVERYTHING, operation: operationId(1) });
    const org = await follow(from, { ...EVERYTHING, org: 'dev' });
    const stranger = await follow(from, { ...EVERYTHING, tenant: 'other', operation: operationId(1) });
    await vi.waitFor(() => expect(stranger.caughtUpAt).toEqual([3]));
    await store.requestCancel('default', operationId(1), null, at(9));
    await store.requestCancel('default', operationId(3), null, at(9));
    await vi.waitFor(() => expect(tenant.seqs).toEqual([1, 3, 4, 5]));
    await vi.waitFor(() => expect(one.seqs).toEqual([1, 4]));
    await vi.waitFor(() => expect(org.seqs).toEqual([3, 5]));
    expect(stranger.seqs).toEqual([]);
  });

  test('hears nothing more once it stopped', async () => {
    const { store, follow } = await setUp();
    const [gone, there] = [await follow(null), await follow(null)];
    gone.stop();
    gone.stop();
    await accept(store, 1, 2);
    await vi.waitFor(() => expect(there.seqs).toEqual([1, 2]));
    expect(gone.seqs).toEqual([]);
    expect(gone.failure).toBe(NEVER);
  });

  test('whose sink refuses is dropped, and the others go on', async () => {
    const { store, follow } = await setUp();
    const refusing = new Heard();
    refusing.work = () => Promise.reject(new Error('full'));
    await follow(null, EVERYTHING, refusing);
    const there = await follow(null);
    await accept(store, 1, 1);
    await accept(store, 2, 2);
    await vi.waitFor(() => expect(there.seqs).toEqual([1, 2]));
    expect(refusing.seqs).toEqual([1]);
    expect(refusing.failure).toMatchObject({ message: 'full' });
  });
});

describe('a position that cannot be gone on from', () => {
  test('of another history: the follower starts now', async () => {
    const { store, follow } = await setUp();
    await accept(store, 1, 3);
    const heard = await follow({ epoch: 'another', seq: 1 });
    expect(heard.start).toEqual({ position: await store.position(), recovered: false });
    await accept(store, 4, 4);
    await vi.waitFor(() => expect(heard.seqs).toEqual([4]));
  });

  test('in the future: the follower starts now', async () => {
    const { store, follow } = await setUp();
    await accept(store, 1, 3);
    const { epoch } = await store.position();
    const heard = await follow({ epoch, seq: 99 });
    expect(heard.start).toEqual({ position: { epoch, seq: 3 }, recovered: false });
  });

  test('before what is kept: all that is kept follows', async () => {
    const first = await freshStore();
    await accept(first.store, 1, 10);
    const { epoch } = await first.store.position();
    await first.store.close();
    const db = new BetterSqlite3(first.file);
    db.exec('DELETE FROM events WHERE seq <= 6; UPDATE meta SET pruned_up_to = 6');
    db.close();
    const { follow } = await setUp(first.file);
    const pruned = await follow({ epoch, seq: 5 });
    const kept = await follow({ epoch, seq: 6 });
    await vi.waitFor(() => expect(pruned.seqs).toEqual([7, 8, 9, 10]));
    expect(pruned.start).toEqual({ position: { epoch, seq: 6 }, recovered: false });
    await vi.waitFor(() => expect(kept.seqs).toEqual([7, 8, 9, 10]));
    expect(kept.start?.recovered).toBe(true);
  });

  test('ends a subscription whose next events were removed before it had read them', async () => {
    const { store, follow, file } = await setUp();
    await accept(store, 1, 700);
    const { epoch } = await store.position();
    const heard = new Heard();
    const first = Promise.withResolvers<void>();
    heard.work = async () => await first.promise;
    await follow({ epoch, seq: 0 }, EVERYTHING, heard);
    await vi.waitFor(() => expect(heard.seqs).toHaveLength(500));
    const db = new BetterSqlite3(file);
    db.exec('DELETE FROM events WHERE seq <= 600; UPDATE meta SET pruned_up_to = 600');
    db.close();
    first.resolve();
    await vi.waitFor(() => expect(heard.failure).toMatchObject({ code: 'too-busy' }));
    expect(heard.seqs).toHaveLength(500);
  });

  test('survives a restart of the daemon otherwise', async () => {
    const first = await freshStore();
    await accept(first.store, 1, 4);
    const { epoch } = await first.store.position();
    await first.store.close();
    const { store, follow } = await setUp(first.file);
    const heard = await follow({ epoch, seq: 2 });
    await accept(store, 5, 5);
    await vi.waitFor(() => expect(heard.seqs).toEqual([3, 4, 5]));
    expect(heard.start?.recovered).toBe(true);
  });

  test('of a store that does not answer is an error, and nobody is left behind', async () => {
    const { store, outbox } = await setUp();
    await store.close();
    const heard = new Heard();
    await expect(outbox.follow(EVERYTHING, null, heard)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(heard.start).toBeNull();
  });
});
