import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type KeptLock, keepLock, type LockWish, takeLock } from '../../src/cli/hold-lock.ts';
import { createClient } from '../../src/client/client.ts';
import type { Lock } from '../../src/contract/lock.ts';
import { type FakeServer, json, problem, startFakeServer } from '../client/fake-server.ts';
import { until } from '../support/until.ts';

type Say = (response: ServerResponse) => void;

let server: FakeServer;
let client: ReturnType<typeof createClient>;
let asked: string[];

beforeEach(async () => {
  server = await startFakeServer();
  client = createClient(server.connection);
  asked = [];
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

const WISH: LockWish = {
  org: 'uat',
  ttlSeconds: 60,
  note: undefined,
  waitMs: null,
  signal: new AbortController().signal,
  waits: () => {},
};

function lockOf(state: Lock['state'], ttlSeconds: number): Lock {
  const times = { createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:01:00.000Z' };
  const [place, fence] = state === 'held' ? [null, 1] : [1, null];
  return {
    id: `lk_${'0'.repeat(26)}`,
    org: 'uat',
    state,
    place,
    fence,
    ttlSeconds,
    note: null,
    by: 'ci',
    ...times,
  };
}

const held =
  (ttlSeconds: number): Say =>
  (response) =>
    json(response, 200, lockOf('held', ttlSeconds));
const away =
  (code: string): Say =>
  (response) =>
    problem(response, 503, code);
const breaks: Say = (response) => response.destroy();
const silent: Say = () => {};

/** Waits in line once created; each renewal hears the next of `renewals`, and the last of them for ever. */
function serve(created: Lock, renewals: readonly Say[]): void {
  let renewal = 0;
  server.answer = ({ method = '' }: IncomingMessage, response) => {
    asked.push(method);
    if (method === 'POST') return json(response, 201, created);
    if (method === 'DELETE') return response.writeHead(204).end();
    const say = renewals[Math.min(renewal, renewals.length - 1)] ?? silent;
    renewal += 1;
    say(response);
  };
}

function heldFor(ttlSeconds: number): KeptLock {
  return { lock: lockOf('held', ttlSeconds), until: performance.now() + ttlSeconds * 1_000 };
}

describe('waiting for a lock', () => {
  test('lasts as long as was asked for, also when the clock of this machine is set', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    serve(lockOf('waiting', 60), [
      (response) => {
        vi.setSystemTime(Date.now() + 86_400_000);
        json(response, 200, lockOf('waiting', 60));
      },
      held(60),
    ]);
    expect((await takeLock(client, { ...WISH, waitMs: 60_000 })).lock.state).toBe('held');
  });

  test('keeps its place while the server is not there for a moment', async () => {
    const trouble = [away('shutting-down'), breaks, away('store-unavailable'), away('too-busy')];
    serve(lockOf('waiting', 60), [...trouble, held(60)]);
    expect((await takeLock(client, WISH)).lock.state).toBe('held');
    expect(asked).toEqual(['POST', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT']);
  });

  test('keeps its place when one renewal is never answered', async () => {
    serve(lockOf('waiting', 3), [silent, held(3)]);
    expect((await takeLock(client, WISH)).lock.state).toBe('held');
  });

  test('gives up when the server stayed away until the time of the place was over', async () => {
    serve(lockOf('waiting', 1), [away('store-unavailable')]);
    await expect(takeLock(client, WISH)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(asked.at(-1)).toBe('DELETE');
  });

  test('ends when the wait is over, also while the server is away', async () => {
    serve(lockOf('waiting', 60), [away('shutting-down')]);
    await expect(takeLock(client, { ...WISH, waitMs: 1_500 })).rejects.toMatchObject({
      code: 'lock-not-held',
    });
    expect(asked.at(-1)).toBe('DELETE');
  });

  test.each(['lock-expired', 'forbidden'])('gives up at once when it hears %s', async (code) => {
    serve(lockOf('waiting', 60), [away(code)]);
    await expect(takeLock(client, WISH)).rejects.toMatchObject({ code });
    expect(asked).toEqual(['POST', 'PUT', 'DELETE']);
  });

  test('counts the time of its lock from before it asked, however late the answer comes', async () => {
    let arrived = 0;
    server.answer = async (_request, response) => {
      arrived = performance.now();
      await until(async () => performance.now() > arrived + 50);
      json(response, 201, lockOf('held', 60));
    };
    const { until: end } = await takeLock(client, WISH);
    expect(end).toBeLessThanOrEqual(arrived + 60_000);
  });
});

describe('keeping a lock', () => {
  test('renews it in time, also when the clock of this machine was set back', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    serve(lockOf('held', 3), [held(3)]);
    const kept = heldFor(3);
    vi.setSystemTime(Date.now() - 86_400_000);
    const keeper = keepLock(client, kept, () => {});
    await until(async () => asked.length > 1);
    await keeper.stop();
    expect(asked.slice(0, 2)).toEqual(['PUT', 'PUT']);
  });

  test('is lost when no renewal is ever answered', async () => {
    serve(lockOf('held', 1), [silent]);
    const why = await new Promise<string>((resolve) => void keepLock(client, heldFor(1), resolve));
    expect(why).toBe('The server did not answer in time.');
  });

  test('is not lost while one renewal in between is answered', async () => {
    serve(lockOf('held', 3), [silent, held(3), breaks, held(3)]);
    const losses: string[] = [];
    const keeper = keepLock(client, heldFor(3), (why) => losses.push(why));
    await until(async () => asked.length >= 4 || losses.length > 0);
    await keeper.stop();
    expect(losses).toEqual([]);
  });

  test('stops at once, also while a renewal is under way, and nothing is lost then', async () => {
    serve(lockOf('held', 60), [silent]);
    const losses: string[] = [];
    const due = { lock: lockOf('held', 60), until: performance.now() + 30_000 };
    const keeper = keepLock(client, due, (why) => losses.push(why));
    await until(async () => asked.length === 1);
    await keeper.stop();
    expect(losses).toEqual([]);
  });
});
