import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import type { Position } from '../../src/contract/event.ts';
import type { ServerMessage } from '../../src/contract/stream.ts';
import { event, type FakeServer, startFakeServer } from './fake-server.ts';

const CHANNEL = 'operations';
const EPOCH = 'e1';
let server: FakeServer;
let client: ReturnType<typeof createClient>;
let messages: ServerMessage[];
let states: string[];

beforeEach(async () => {
  server = await startFakeServer();
  client = createClient(server.connection);
  messages = [];
  states = [];
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

function follow(after?: Position) {
  return client.subscribe(CHANNEL, {
    ...(after ? { after } : {}),
    onMessage: (message) => messages.push(message),
    onConnection: (state) => states.push(state),
  });
}

function seqs(): number[] {
  return messages.flatMap((message) => (message.type === 'event' ? [message.event.seq] : []));
}

/** Sends what a server with these events says to a subscriber. */
function tell(
  socket: { send(text: string): void },
  from: Position,
  events: readonly number[],
  recovered = true,
) {
  const said: ServerMessage[] = [
    { type: 'subscribed', channel: CHANNEL, position: from, recovered },
    ...events.map((seq) => ({ type: 'event' as const, channel: CHANNEL, event: event(seq) })),
  ];
  for (const message of said) socket.send(JSON.stringify(message));
}

const at = (seq: number, epoch = EPOCH): Position => ({ epoch, seq });

describe('a subscription', () => {
  test('hands out what the server says, in order', async () => {
    server.subscribed = (socket) => tell(socket, at(4), [5, 6]);
    follow();
    await vi.waitFor(() => expect(seqs()).toEqual([5, 6]));
    expect(states).toEqual(['connecting', 'connected']);
  });

  test.each([1012, 1001, 4408])('comes back with its position after close code %i', async (code) => {
    const asked: (Position | undefined)[] = [];
    server.subscribed = (socket, after) => {
      asked.push(after);
      if (asked.length === 1) {
        tell(socket, at(4), [5, 6]);
        socket.close(code);
      } else tell(socket, at(6), [7]);
    };
    follow();
    await vi.waitFor(() => expect(seqs()).toEqual([5, 6, 7]));
    expect(asked).toEqual([undefined, at(6)]);
    expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
  });

  test('comes back after a broken line', async () => {
    let times = 0;
    server.subscribed = (socket) => {
      times += 1;
      tell(socket, at(4), times === 1 ? [5] : [6]);
      if (times === 1) socket.terminate();
    };
    follow();
    await vi.waitFor(() => expect(seqs().at(-1)).toBe(6));
  });

  test('hands no event out twice when the server sends some again', async () => {
    let times = 0;
    server.subscribed = (socket) => {
      times += 1;
      tell(socket, at(4), times === 1 ? [5, 6] : [5, 6, 7]);
      if (times === 1) socket.close(1012);
    };
    follow(at(4));
    await vi.waitFor(() => expect(seqs()).toEqual([5, 6, 7]));
  });

  test('goes on from the position of caught-up when nothing of its own happened', async () => {
    const asked: (Position | undefined)[] = [];
    server.subscribed = (socket, after) => {
      asked.push(after);
      tell(socket, after ?? at(4), []);
      if (asked.length > 1) return;
      socket.send(JSON.stringify({ type: 'caught-up', channel: CHANNEL, position: at(90) }));
      socket.close(1012);
    };
    follow();
    await vi.waitFor(() => expect(asked).toEqual([undefined, at(90)]));
  });

  test('takes over a new history, and says that there is a gap', async () => {
    server.subscribed = (socket) => tell(socket, at(0, 'e2'), [1, 2], false);
    follow(at(50));
    await vi.waitFor(() => expect(seqs()).toEqual([1, 2]));
    expect(messages[0]).toMatchObject({ type: 'subscribed', recovered: false });
  });

  test('lasts across a restart of the daemon, which has a new key', async () => {
    let times = 0;
    server.subscribed = (socket, after) => {
      times += 1;
      tell(socket, after ?? at(4), [4 + times]);
    };
    follow();
    await vi.waitFor(() => expect(seqs()).toEqual([5]));
    await server.hangUp();
    await vi.waitFor(() =>
      expect(states.filter((state) => state === 'reconnecting').length).toBeGreaterThan(1),
    );
    await server.renewKey('second-key');
    await server.listen();
    await vi.waitFor(() => expect(seqs()).toEqual([5, 6]), { timeout: 15_000 });
  });

  test.each([
    [4401, 'unauthenticated'],
    [4403, 'forbidden'],
  ])('ends for good after close code %i', async (code, name) => {
    server.subscribed = (socket) => socket.close(code);
    await expect(follow().ended).rejects.toMatchObject({ name: 'AppError', code: name });
    expect(states.at(-1)).toBe('closed');
  });

  test('ends for good when the server refuses its channel', async () => {
    server.subscribed = (socket) =>
      socket.send(
        JSON.stringify({ type: 'error', code: 'not-found', detail: 'There is no such operation.' }),
      );
    await expect(follow().ended).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no such operation.',
    });
  });

  test('ends for good when the upgrade is refused', async () => {
    const stranger = createClient({ ...server.connection, kind: 'socket', keyFile: '/dev/null' });
    const { ended } = stranger.subscribe(CHANNEL, { onMessage: () => {} });
    await expect(ended).rejects.toMatchObject({ code: 'unauthenticated' });
    await stranger.close();
  });

  test('closes when it is told to, and says nothing after that', async () => {
    server.subscribed = (socket) => tell(socket, at(4), [5]);
    const subscription = follow();
    await vi.waitFor(() => expect(seqs()).toEqual([5]));
    subscription.close();
    await subscription.ended;
    expect(states.at(-1)).toBe('closed');
  });
});
