import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../../../src/contract/stream.ts';
import { controlPlace, edgePlace, listen } from '../../../src/daemon/http/listen.ts';
import type { LiveTiming } from '../../../src/daemon/http/parts.ts';
import { asOwner, bearing, type Doors, openDoors, registration, until } from './open-doors.ts';

interface Listener {
  readonly socket: WebSocket;
  readonly heard: ServerMessage[];
  readonly closed: Promise<number>;
  say(message: unknown): void;
}

const NOBODY = 'op_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const listeners: WebSocket[] = [];
let doors: Doors;

beforeAll(async () => openWith({}));
afterEach(() => {
  for (const socket of listeners.splice(0)) socket.terminate();
});
afterAll(async () => doors.close());

async function openWith(timing: Partial<LiveTiming>): Promise<void> {
  doors = await openDoors({ timing });
  await listen(doors.control, controlPlace(doors.paths));
  await listen(doors.edge, edgePlace(doors.paths, null, undefined));
}

describe('the upgrade', () => {
  test('speaks sfp.v1', async () => {
    expect((await connect()).socket.protocol).toBe('sfp.v1');
  });

  test('is refused as a problem document', async () => {
    const writer = (await doors.token({ scopes: ['operations:write'] })).token;
    const { edgeSocket, controlSocket } = doors.paths;
    expect(await refusal(edgeSocket, {})).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await refusal(edgeSocket, bearing(writer))).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await refusal(controlSocket, {})).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
    expect(await refusal(controlSocket, asOwner(), ['other.v1'])).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
    expect(await refusal(controlSocket, asOwner(), [])).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
  });

  test('is refused on every other path', async () => {
    const answer = await refusal(doors.paths.controlSocket, asOwner(), ['sfp.v1'], '/healthz');
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });

  test('is asked for where it is missing', async () => {
    const answer = await doors.control.inject({ url: '/api/v1/stream', headers: asOwner() });
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid-request']);
  });
});

describe('a subscription', () => {
  test('tells what was, says when that is all, then what happens', async () => {
    const start = await doors.store.position();
    const before = await doors.accept();
    const listener = await connect();
    listener.say({ type: 'subscribe', channel: 'operations', after: start });
    await until(() => expect(typesOf(listener)).toContain('caught-up'));
    expect(listener.heard[0]).toMatchObject({ type: 'subscribed', channel: 'operations', recovered: true });
    expect(operationsOf(listener)).toContain(before.id);
    const after = await doors.accept();
    await until(() => expect(operationsOf(listener)).toContain(after.id));
    expect(seqsOf(listener)).toEqual([...new Set(seqsOf(listener))].sort((a, b) => a - b));
  });

  test('without a position begins now', async () => {
    const before = await doors.accept();
    const listener = await subscribed('operations');
    const after = await doors.accept();
    await until(() => expect(operationsOf(listener)).toContain(after.id));
    expect(operationsOf(listener)).not.toContain(before.id);
  });

  test('that resumes misses nothing and hears nothing twice', async () => {
    const start = await doors.store.position();
    const first = await connect();
    first.say({ type: 'subscribe', channel: 'operations', after: start });
    await doors.accept();
    await until(() => expect(seqsOf(first).length).toBeGreaterThan(0));
    first.socket.terminate();
    const heard = seqsOf(first);
    await doors.accept();
    const second = await connect();
    second.say({ type: 'subscribe', channel: 'operations', after: { ...start, seq: heard.at(-1) } });
    const last = await doors.accept();
    await until(() => expect(operationsOf(second)).toContain(last.id));
    const all = [...heard, ...seqsOf(second)];
    const { seq } = await doors.store.position();
    expect(all).toEqual(Array.from({ length: seq - start.seq }, (_, index) => start.seq + 1 + index));
  });

  test('at a position of another history says that it was not recovered', async () => {
    const listener = await connect();
    listener.say({ type: 'subscribe', channel: 'operations', after: { epoch: 'another', seq: 7 } });
    await until(() => expect(listener.heard[0]).toMatchObject({ type: 'subscribed', recovered: false }));
  });

  test('to an operation or an org hears of nothing else', async () => {
    await doors.store.putOrg(
      'default',
      'prod',
      { ...registration(), organisationId: '00D5g000004CbygEAC' },
      new Date().toISOString(),
    );
    const one = await doors.accept({ runAt: inAnHour() });
    const toOperation = await subscribed(`operation:${one.id}`);
    const toOrg = await subscribed('org:prod');
    const inUat = await doors.accept();
    const inProd = await doors.accept({ org: 'prod' });
    await doors.store.requestCancel('default', one.id, null, new Date().toISOString());
    await until(() => expect(operationsOf(toOrg)).toContain(inProd.id));
    await until(() => expect(operationsOf(toOperation)).toContain(one.id));
    expect(new Set(operationsOf(toOperation))).toEqual(new Set([one.id]));
    expect(operationsOf(toOrg)).not.toContain(inUat.id);
  });

  test('hears of no other tenant', async () => {
    await doors.store.putOrg('other', 'uat', registration(), new Date().toISOString());
    const { token } = await doors.token({ tenant: 'other' });
    const theirs = await connect(doors.paths.edgeSocket, bearing(token));
    for (const channel of ['operations', 'org:uat']) theirs.say({ type: 'subscribe', channel });
    await until(() => expect(typesOf(theirs).filter((type) => type === 'caught-up')).toHaveLength(2));
    const mine = await doors.accept();
    const own = await doors.accept({}, 'other');
    await until(() => expect(operationsOf(theirs)).toContain(own.id));
    expect(operationsOf(theirs)).not.toContain(mine.id);
    theirs.say({ type: 'subscribe', channel: `operation:${mine.id}` });
    await until(() => expect(theirs.heard.at(-1)).toMatchObject({ type: 'error', code: 'not-found' }));
  });

  test('ends when it is taken back', async () => {
    const listener = await subscribed('operations');
    const other = await subscribed('operations');
    listener.say({ type: 'unsubscribe', channel: 'operations' });
    listener.say({ type: 'subscribe', channel: `operation:${NOBODY}` });
    await until(() => expect(typesOf(listener)).toContain('error'));
    const after = await doors.accept();
    await until(() => expect(operationsOf(other)).toContain(after.id));
    expect(operationsOf(listener)).toEqual([]);
  });

  test('that is asked for again is one subscription', async () => {
    const listener = await subscribed('operations');
    listener.say({ type: 'subscribe', channel: 'operations' });
    await until(() => expect(typesOf(listener).filter((type) => type === 'caught-up')).toHaveLength(2));
    await doors.accept();
    const last = await doors.accept();
    await until(() => expect(operationsOf(listener)).toContain(last.id));
    expect(seqsOf(listener)).toEqual([...new Set(seqsOf(listener))]);
  });

  test('beyond a hundred is refused', async () => {
    const listener = await connect();
    for (let count = 0; count <= 100; count++) listener.say({ type: 'subscribe', channel: `org:o${count}` });
    await until(() => expect(typesOf(listener)).toContain('error'));
    expect(listener.heard).toContainEqual(expect.objectContaining({ type: 'error', code: 'too-large' }));
    expect(typesOf(listener).filter((type) => type === 'subscribed')).toHaveLength(100);
  });
});

describe('a message that is refused', () => {
  test.each([
    ['no JSON', '{', 'invalid-json', 'JSON'],
    ['an unknown channel', '{"type":"subscribe","channel":"everything"}', 'unknown-channel', 'everything'],
    ['no channel', '{"type":"subscribe"}', 'invalid-request', 'message'],
    ['an unknown type', '{"type":"sing","channel":"operations"}', 'invalid-request', 'message'],
    [
      'a position that is none',
      '{"type":"subscribe","channel":"operations","after":3}',
      'invalid-request',
      'message.after',
    ],
    ['nothing', 'null', 'invalid-request', 'message'],
    [
      'an operation that nobody knows',
      `{"type":"subscribe","channel":"operation:${NOBODY}"}`,
      'not-found',
      NOBODY,
    ],
  ])('is answered with an error and the connection goes on: %s', async (_what, text, code, detail) => {
    const listener = await connect();
    listener.socket.send(text);
    await until(() => expect(listener.heard).toHaveLength(1));
    expect(listener.heard[0]).toMatchObject({ type: 'error', code });
    expect((listener.heard[0] as { detail: string }).detail).toContain(detail);
    listener.say({ type: 'subscribe', channel: 'operations' });
    await until(() => expect(typesOf(listener)).toContain('subscribed'));
  });

  test('ends the connection when it is larger than 64 kB', async () => {
    const listener = await connect();
    listener.socket.send(JSON.stringify({ type: 'subscribe', channel: 'x'.repeat(70_000) }));
    expect([1006, 1009]).toContain(await listener.closed);
  });
});

describe('a connection', () => {
  // each of these has a door of its own, with its own patience
  const reopened = async (timing: Partial<LiveTiming>) => {
    await doors.close();
    await openWith(timing);
  };

  test('is closed with 4401 when its token is revoked or expires', async () => {
    await reopened({ pingMs: 300 });
    const revoked = await doors.token();
    const expiring = await doors.token({ expiresAt: new Date(Date.now() + 60_000).toISOString() });
    const one = await connect(doors.paths.edgeSocket, bearing(revoked.token));
    const two = await connect(doors.paths.edgeSocket, bearing(expiring.token));
    await doors.store.revokeToken('default', revoked.id, new Date().toISOString());
    expect(await one.closed).toBe(4401);
    doors.clock.aheadMs = 61_000;
    expect(await two.closed).toBe(4401);
  });

  test('is cut off when it does not answer', async () => {
    await reopened({ pingMs: 40 });
    const listener = await connect(doors.paths.controlSocket, asOwner(), { autoPong: false });
    expect(await listener.closed).toBe(1006);
  });

  test('is told 1012 when the server stops', async () => {
    await reopened({});
    const listener = await subscribed('operations');
    await doors.control.close();
    expect(await listener.closed).toBe(1012);
  });

  test('that reads too slowly is closed with 4408, and can go on from its position', async () => {
    await reopened({ slowMs: 100 });
    const { id } = await doors.accept();
    const start = await doors.store.position();
    const attempt = (await doors.store.claim(new Date().toISOString()))?.operation.attempt ?? 0;
    const slow = await connect();
    slow.say({ type: 'subscribe', channel: `operation:${id}`, after: start });
    await until(() => expect(typesOf(slow)).toContain('caught-up'));
    (slow.socket as unknown as { _socket: { pause(): void } })._socket.pause();
    const log = { type: 'log' as const, level: 'info' as const, message: 'x'.repeat(8_000) };
    const open = doors.control.websocketServer.clients;
    const [atServer] = [...open];
    let recorded = 0;
    while ((atServer?.readyState ?? WebSocket.CLOSED) === WebSocket.OPEN && recorded < 4_000) {
      await doors.store.recordReports(
        id,
        attempt,
        Array.from({ length: 50 }, () => log),
        new Date().toISOString(),
      );
      recorded += 50;
    }
    (slow.socket as unknown as { _socket: { resume(): void } })._socket.resume();
    expect(await slow.closed).toBe(4408);
    const events = seqsOf(slow);
    // as a client does: on a busy machine it may be too slow again
    for (let caughtUp = false; !caughtUp; ) {
      const again = await connect();
      const after = { ...start, seq: events.at(-1) ?? start.seq };
      again.say({ type: 'subscribe', channel: `operation:${id}`, after });
      const arrived = until(() => expect(typesOf(again)).toContain('caught-up')).then(() => true);
      caughtUp = await Promise.race([arrived, again.closed.then(() => false)]);
      arrived.catch(() => {}); // the one that was closed hears no more
      events.push(...seqsOf(again));
    }
    const stored = (await doors.store.position()).seq;
    expect(events).toEqual(Array.from({ length: stored - start.seq }, (_, index) => start.seq + 1 + index));
  });
});

async function connect(
  socketPath = doors.paths.controlSocket,
  headers: Record<string, string> = asOwner(),
  options: { autoPong?: boolean } = {},
): Promise<Listener> {
  const socket = new WebSocket(`ws+unix://${socketPath}:/api/v1/stream`, ['sfp.v1'], { headers, ...options });
  listeners.push(socket);
  const heard: ServerMessage[] = [];
  socket.on('message', (data) => heard.push(JSON.parse(String(data)) as ServerMessage));
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  return { socket, heard, closed, say: (message) => socket.send(JSON.stringify(message)) };
}

async function subscribed(channel: string): Promise<Listener> {
  const listener = await connect();
  listener.say({ type: 'subscribe', channel });
  await until(() => expect(typesOf(listener)).toContain('caught-up'));
  return listener;
}

async function refusal(
  socketPath: string,
  headers: Record<string, string>,
  protocols = ['sfp.v1'],
  path = '/api/v1/stream',
): Promise<{ status: number | undefined; body: unknown; type: unknown }> {
  const socket = new WebSocket(`ws+unix://${socketPath}:${path}`, protocols, { headers });
  listeners.push(socket);
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const text = (await response.toArray()).join('');
  return { status: response.statusCode, body: JSON.parse(text), type: response.headers['content-type'] };
}

function typesOf(listener: Listener): string[] {
  return listener.heard.map(({ type }) => type);
}

function seqsOf(listener: Listener): number[] {
  return listener.heard.flatMap((message) => (message.type === 'event' ? [message.event.seq] : []));
}

function operationsOf(listener: Listener): string[] {
  return listener.heard.flatMap((message) => (message.type === 'event' ? [message.event.operation] : []));
}

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
