import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OperationEvent } from '../../../src/contract/event.ts';
import { controlPlace, edgePlace, listen } from '../../../src/daemon/http/listen.ts';
import { ask, asOwner, bearing, type Doors, openDoors, until } from './open-doors.ts';

interface Followed {
  readonly messages: { id: string; data: OperationEvent }[];
  readonly text: () => string;
  readonly ended: Promise<unknown>;
  stop(): void;
}

let doors: Doors;
const open: ClientRequest[] = [];

beforeEach(async () => {
  doors = await openDoors({ timing: { pingMs: 30, slowMs: 200 } });
  await listen(doors.control, controlPlace(doors.paths));
  await listen(doors.edge, edgePlace(doors.paths, null, undefined));
});
afterEach(async () => {
  for (const one of open.splice(0)) one.destroy();
  await doors.close();
});

describe('the event stream of an operation', () => {
  test('tells what was, then what happens, and ends with the operation', async () => {
    const { id } = await doors.accept();
    const stream = await follow(id);
    await until(() => expect(typesOf(stream)).toContain('created'));
    await cancel(id);
    await stream.ended;
    const { epoch } = await doors.store.position();
    expect(stream.messages.at(-1)?.data.body).toMatchObject({ type: 'state', to: 'cancelled' });
    for (const { id: place, data } of stream.messages) expect(place).toBe(`${epoch}:${data.seq}`);
    const { body } = await ask(doors.control, 'GET', `/api/v1/operations/${id}/events`, {
      headers: asOwner(),
    });
    expect(stream.messages.map(({ data }) => data)).toEqual(body.items);
  });

  test('goes on behind the last event that the client saw', async () => {
    const { id } = await doors.accept();
    const first = await follow(id);
    await until(() => expect(first.messages.length).toBeGreaterThan(0));
    first.stop();
    const seen = first.messages.at(-1);
    await cancel(id);
    const second = await follow(id, { 'last-event-id': String(seen?.id) });
    await second.ended;
    const seqs = [...first.messages, ...second.messages].map(({ data }) => data.seq);
    const { body } = await ask(doors.control, 'GET', `/api/v1/operations/${id}/events`, {
      headers: asOwner(),
    });
    expect(seqs).toEqual(body.items.map((event: OperationEvent) => event.seq));
  });

  test('of an operation that has ended tells its history and ends', async () => {
    const { id } = await doors.accept();
    await cancel(id);
    const stream = await follow(id);
    await stream.ended;
    expect(typesOf(stream)[0]).toBe('created');
    const last = stream.messages.at(-1);
    const again = await follow(id, { 'last-event-id': String(last?.id) });
    await again.ended;
    expect(again.messages).toEqual([]);
  });

  test('says so when the position belongs to another history', async () => {
    const { id } = await doors.accept();
    const stream = await follow(id, { 'last-event-id': 'another-epoch:3' });
    await until(() => expect(stream.text()).toContain('event: gap'));
  });

  test('refuses a position that is none', async () => {
    const { id } = await doors.accept();
    const headers = { ...asOwner(), accept: 'text/event-stream', 'last-event-id': 'yesterday' };
    const answer = await ask(doors.control, 'GET', `/api/v1/operations/${id}/events`, { headers });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  test('of another tenant does not exist', async () => {
    const { id } = await doors.accept();
    const headers = { ...asOwner('other'), accept: 'text/event-stream' };
    const answer = await ask(doors.control, 'GET', `/api/v1/operations/${id}/events`, { headers });
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
  });

  test('beats while nothing happens', async () => {
    const { id } = await doors.accept();
    const stream = await follow(id);
    await until(() => expect(stream.text()).toContain(': still here'));
  });

  test('ends when the token is revoked', async () => {
    const { id } = await doors.accept();
    const { id: tokenId, token } = await doors.token();
    const stream = await follow(id, bearing(token), doors.paths.edgeSocket);
    await doors.store.revokeToken('default', tokenId, new Date().toISOString());
    await stream.ended;
  });

  test('ends when the server stops', async () => {
    const { id } = await doors.accept();
    const stream = await follow(id);
    await doors.control.close();
    await stream.ended;
  });
});

async function follow(
  id: string,
  headers: Record<string, string> = {},
  socketPath = doors.paths.controlSocket,
): Promise<Followed> {
  const asking = request({
    socketPath,
    path: `/api/v1/operations/${id}/events`,
    headers: { ...asOwner(), accept: 'text/event-stream', ...headers },
  }).end();
  open.push(asking);
  asking.on('error', () => {});
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  expect(response.headers['content-type']).toContain('text/event-stream');
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('error', () => {});
  return {
    get messages() {
      return messagesIn(text);
    },
    text: () => text,
    ended: new Promise((resolve) => response.once('close', resolve)),
    stop: () => asking.destroy(),
  };
}

function messagesIn(text: string): Followed['messages'] {
  return [...text.matchAll(/^id: (.+)\ndata: (.+)\n\n/gm)].map(([, id, data]) => ({
    id: String(id),
    data: JSON.parse(String(data)) as OperationEvent,
  }));
}

function typesOf(stream: Followed): string[] {
  return stream.messages.map(({ data }) => data.body.type);
}

async function cancel(id: string): Promise<void> {
  await ask(doors.control, 'POST', `/api/v1/operations/${id}/cancel`, { headers: asOwner() });
}
