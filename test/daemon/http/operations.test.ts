import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ask, asOwner, bearing, type Doors, openDoors, QUERY } from './open-doors.ts';

const OPERATIONS = '/api/v1/operations';
const owner = { headers: asOwner() };
let doors: Doors;

beforeAll(async () => {
  doors = await openDoors();
});
afterAll(async () => doors.close());

describe('a request for work', () => {
  test('is answered with the operation and its place', async () => {
    const answer = await ask(doors.control, 'POST', OPERATIONS, { ...owner, body: QUERY });
    expect(answer.status).toBe(202);
    expect(answer.headers['location']).toBe(`${OPERATIONS}/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      state: 'queued',
      task: 'salesforce.query',
      tenant: 'default',
      org: 'uat',
      attempt: 0,
      origin: { kind: 'cli', name: null },
    });
    expect((await ask(doors.control, 'GET', answer.headers['location'] as string, owner)).body).toEqual(
      answer.body,
    );
  });

  test('names the token that it came with', async () => {
    const { token } = await doors.token();
    const answer = await ask(doors.edge, 'POST', OPERATIONS, { headers: bearing(token), body: QUERY });
    expect(answer.body.origin).toEqual({ kind: 'api', name: 'a program' });
  });

  test('with the same key and body, in whatever order, is answered with the first operation', async () => {
    const headers = { ...asOwner(), 'idempotency-key': 'push 1' };
    const first = await ask(doors.control, 'POST', OPERATIONS, { headers, body: QUERY });
    const { task, ...rest } = QUERY;
    const again = await ask(doors.control, 'POST', OPERATIONS, { headers, body: { ...rest, task } });
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toEqual(first.body);
  });

  test('with the same key and another body is refused', async () => {
    const headers = { ...asOwner(), 'idempotency-key': 'push 2' };
    await ask(doors.control, 'POST', OPERATIONS, { headers, body: QUERY });
    const other = await ask(doors.control, 'POST', OPERATIONS, {
      headers,
      body: { ...QUERY, priority: 'batch' },
    });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-conflict']);
  });

  test('is refused when the queue is full, with the time of another try', async () => {
    const full = await openDoors({ configuration: { queue: { limit: 1, limitPerTenant: 1 } } });
    onTestFinished(() => full.close());
    const ask429 = () => ask(full.control, 'POST', OPERATIONS, { ...owner, body: QUERY });
    expect((await ask429()).status).toBe(202);
    const refused = await ask429();
    expect([refused.status, refused.body.code]).toEqual([429, 'queue-full']);
    expect(refused.headers['retry-after']).toBe('60');
  });

  test('with the same key of another token is another request', async () => {
    const one = await doors.token();
    const two = await doors.token();
    const key = { 'idempotency-key': 'mine' };
    const answers = await Promise.all(
      [one, two].map(({ token }) =>
        ask(doors.edge, 'POST', OPERATIONS, { headers: { ...bearing(token), ...key }, body: QUERY }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[0]?.body.id).not.toBe(answers[1]?.body.id);
  });

  test('with a key is new again after a day', async () => {
    const headers = { ...asOwner(), 'idempotency-key': 'yesterday' };
    const first = await ask(doors.control, 'POST', OPERATIONS, { headers, body: QUERY });
    doors.clock.aheadMs = 25 * 3_600_000;
    const later = await ask(doors.control, 'POST', OPERATIONS, { headers, body: QUERY });
    doors.clock.aheadMs = 0;
    expect(later.status).toBe(202);
    expect(later.body.id).not.toBe(first.body.id);
  });

  test.each(['', 'x'.repeat(201)])('with a key of a wrong length is refused', async (key) => {
    const headers = { ...asOwner(), 'idempotency-key': key };
    const answer = await ask(doors.control, 'POST', OPERATIONS, { headers, body: QUERY });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });
});

describe('the list of operations', () => {
  test('shows the newest first, page by page, without input and result', async () => {
    const made = [];
    for (let count = 0; count < 5; count++) made.push((await doors.accept({}, 'paging')).id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const url = `${OPERATIONS}?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const { body } = await ask(doors.control, 'GET', url, { headers: asOwner('paging') });
      for (const item of body.items) {
        expect(item).not.toHaveProperty('input');
        expect(item).not.toHaveProperty('result');
        seen.push(item.id);
      }
      cursor = body.nextCursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(made.reverse());
  });

  test('is filtered by state, org, task and label', async () => {
    const { id } = await doors.accept({ labels: { branch: 'a=b' }, runAt: inAnHour() });
    const matching = await ask(
      doors.control,
      'GET',
      `${OPERATIONS}?state=scheduled,running&org=uat&task=salesforce.query&label=${encodeURIComponent('branch=a=b')}`,
      owner,
    );
    expect(matching.body.items.map((item: { id: string }) => item.id)).toEqual([id]);
    for (const other of ['state=running', 'task=salesforce.deploy', 'label=branch%3Dc']) {
      const { body } = await ask(doors.control, 'GET', `${OPERATIONS}?${other}`, owner);
      expect(body.items.map((item: { id: string }) => item.id)).not.toContain(id);
    }
    expect(await ask(doors.control, 'GET', `${OPERATIONS}?org=prod`, owner)).toMatchObject({
      status: 422,
      body: { code: 'unknown-org' },
    });
  });

  test.each(['limit=0', 'limit=201', 'limit=many', 'limit=1&limit=2', 'state=done', 'label=x', 'colour=red'])(
    'refuses ?%s and names the field',
    async (query) => {
      const { status, body } = await ask(doors.control, 'GET', `${OPERATIONS}?${query}`, owner);
      expect([status, body.code]).toEqual([400, 'invalid-request']);
      expect(body.detail).toContain(`query.${query.split('=')[0]}`);
    },
  );
});

describe('an operation', () => {
  test('of another tenant does not exist', async () => {
    const { id } = await doors.accept();
    const { token } = await doors.token({ tenant: 'other' });
    for (const [app, headers] of [
      [doors.edge, bearing(token)],
      [doors.control, asOwner('other')],
    ] as const) {
      for (const [method, rest] of [
        ['GET', ''],
        ['GET', '/events'],
        ['POST', '/cancel'],
        ['POST', '/retry'],
      ] as const) {
        const { status, body } = await ask(app, method, `${OPERATIONS}/${id}${rest}`, { headers });
        expect([status, body.code]).toEqual([404, 'not-found']);
      }
    }
    expect((await doors.store.getOperation('default', id))?.state).toBe('queued');
  });

  test('is cancelled once, and then is final', async () => {
    const { id } = await doors.accept();
    const first = await ask(doors.control, 'POST', `${OPERATIONS}/${id}/cancel`, owner);
    expect([first.status, first.body.state]).toEqual([202, 'cancelled']);
    const again = await ask(doors.control, 'POST', `${OPERATIONS}/${id}/cancel`, owner);
    expect([again.status, again.body.code]).toEqual([409, 'wrong-state']);
  });

  test('is retried as a new operation that names the old one', async () => {
    const old = await doors.accept({ labels: { branch: 'main' }, priority: 'critical' });
    const early = await ask(doors.control, 'POST', `${OPERATIONS}/${old.id}/retry`, owner);
    expect([early.status, early.body.code]).toEqual([409, 'wrong-state']);
    await ask(doors.control, 'POST', `${OPERATIONS}/${old.id}/cancel`, owner);
    const retry = await ask(doors.control, 'POST', `${OPERATIONS}/${old.id}/retry`, {
      headers: { ...asOwner(), 'content-type': 'application/json' },
    });
    expect(retry.status).toBe(202);
    expect(retry.headers['location']).toBe(`${OPERATIONS}/${retry.body.id}`);
    expect(retry.body).toMatchObject({
      retryOf: old.id,
      state: 'queued',
      input: old.input,
      labels: old.labels,
      priority: 'critical',
      origin: { kind: 'retry' },
    });
  });

  test('tells its events page by page', async () => {
    const { id } = await doors.accept();
    await ask(doors.control, 'POST', `${OPERATIONS}/${id}/cancel`, owner);
    const all = await ask(doors.control, 'GET', `${OPERATIONS}/${id}/events`, owner);
    const types = all.body.items.map((event: { body: { type: string } }) => event.body.type);
    expect(types[0]).toBe('created');
    expect(types.length).toBeGreaterThan(1);
    const [first] = all.body.items;
    const page = await ask(doors.control, 'GET', `${OPERATIONS}/${id}/events?limit=1`, owner);
    expect(page.body).toEqual({
      items: [first],
      position: { epoch: all.body.position.epoch, seq: first.seq },
    });
    const rest = await ask(doors.control, 'GET', `${OPERATIONS}/${id}/events?after=${first.seq}`, owner);
    expect(rest.body.items).toEqual(all.body.items.slice(1));
    expect(rest.body.position).toEqual(await doors.store.position());
  });
});

function inAnHour(): string {
  return new Date(Date.now() + 3_600_000).toISOString();
}
