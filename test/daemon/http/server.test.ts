import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ask, asOwner, type Doors, openDoors, registration } from './open-doors.ts';

let doors: Doors;

beforeAll(async () => {
  doors = await openDoors();
});
afterAll(async () => doors.close());

describe('a hook', () => {
  test('receives the very bytes and the headers', async () => {
    const body = '{ "a" :1 }\r\n';
    const headers = { 'content-type': 'application/json', 'x-github-delivery': 'one' };
    const answer = await ask(doors.edge, 'POST', '/hooks/github', { headers, body });
    expect(answer).toMatchObject({ status: 202, body: { operations: [] } });
    const [received] = doors.received;
    expect(received?.hook).toBe('github');
    expect(received?.body.toString()).toBe(body);
    expect(received?.headers['x-github-delivery']).toBe('one');
    const repeated = await ask(doors.edge, 'POST', '/hooks/github', { headers, body });
    expect(repeated).toMatchObject({ status: 200, body: answer.body });
  });

  test.each([{}, { 'content-type': 'application/x-www-form-urlencoded' }, { 'content-type': 'text/html' }])(
    'takes bytes of any type',
    async (headers) => {
      const body = Buffer.from([0, 255, 128, ...Buffer.from(JSON.stringify(headers))]);
      const answer = await ask(doors.edge, 'POST', '/hooks/github', { headers: headers as never, body });
      expect(answer.status).toBe(202);
      expect(doors.received.at(-1)?.body).toEqual(body);
    },
  );

  test('hands broken JSON on, because only the signature says whether it is worth reading', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await ask(doors.edge, 'POST', '/hooks/github', { headers, body: '{' })).status).toBe(202);
  });

  test('takes an empty body', async () => {
    expect((await ask(doors.edge, 'POST', '/hooks/github')).status).toBe(202);
    expect(doors.received.at(-1)?.body).toEqual(Buffer.alloc(0));
  });

  test('that nobody declared is said to be unknown', async () => {
    const answer = await ask(doors.edge, 'POST', '/hooks/nowhere', { body: '{}' });
    expect([answer.status, answer.body.code]).toEqual([404, 'unknown-hook']);
  });

  test('takes 25 MB and no more', async () => {
    const limit = 25 * 1024 * 1024;
    const headers = { 'content-type': 'application/json' };
    const most = await ask(doors.edge, 'POST', '/hooks/github', { headers, body: Buffer.alloc(limit) });
    expect(most.status).toBe(202);
    const more = await ask(doors.edge, 'POST', '/hooks/github', { headers, body: Buffer.alloc(limit + 1) });
    expect([more.status, more.body.code]).toEqual([413, 'body-too-large']);
  });
});

describe('readiness', () => {
  test('is told in detail to the owner only', async () => {
    const outside = await ask(doors.edge, 'GET', '/readyz');
    expect(outside).toMatchObject({
      status: 200,
      body: { ready: true, checks: [{ name: 'store', ok: true, detail: '' }] },
    });
    const inside = await ask(doors.control, 'GET', '/readyz', { headers: asOwner() });
    expect(inside.body.checks[0].detail).toContain('private');
  });

  test('is a 503 while something is missing', async () => {
    doors.ready.value = false;
    const answer = await ask(doors.edge, 'GET', '/readyz');
    doors.ready.value = true;
    expect(answer).toMatchObject({
      status: 503,
      body: { ready: false, checks: [{ ok: false, detail: '' }] },
    });
  });
});

describe('the rest', () => {
  test('the owner learns the version with every answer, and nobody else does', async () => {
    const inside = await ask(doors.control, 'GET', '/healthz', { headers: asOwner() });
    expect(inside.headers['sfp-server-version']).toBe('0.0.0-test');
    expect((await ask(doors.edge, 'GET', '/healthz')).headers['sfp-server-version']).toBeUndefined();
  });

  test('the tasks are described by their schemas', async () => {
    const { body } = await ask(doors.control, 'GET', '/api/v1/tasks', { headers: asOwner() });
    expect(body.commands).toEqual([]);
    const query = body.items.find((task: { kind: string }) => task.kind === 'salesforce.query');
    expect(query).toMatchObject({
      lane: 'shared',
      onWorkerLoss: 'retry',
      inputSchema: { required: ['soql'] },
    });
  });

  test('an organisation id of 15 characters is registered with 18', async () => {
    const body = { ...registration(), organisationId: '00D5g000004Cbyf' };
    const changed = vi.spyOn(doors.parts, 'loginChanged');
    const answer = await ask(doors.control, 'PUT', '/api/v1/orgs/short', { headers: asOwner(), body });
    expect(changed.mock.calls).toEqual([['default', 'short']]);
    expect(answer).toMatchObject({
      status: 200,
      body: { alias: 'short', organisationId: '00D5g000004CbyfEAC' },
    });
    const { body: list } = await ask(doors.control, 'GET', '/api/v1/orgs', { headers: asOwner() });
    expect(list.items.map((org: { alias: string }) => org.alias).sort()).toEqual(['short', 'uat']);
    expect((await ask(doors.control, 'DELETE', '/api/v1/orgs/short', { headers: asOwner() })).status).toBe(
      204,
    );
    expect(await doors.store.getOrganisationId('default', 'short')).toBeNull();
  });

  test('a token is shown once, and listed without itself', async () => {
    const body = { name: 'ci', scopes: ['operations:read'], expiresAt: null };
    const { body: created, headers } = await ask(doors.control, 'POST', '/api/v1/tokens', {
      headers: asOwner(),
      body,
    });
    expect(created.token).toMatch(/^sfp_[A-Za-z0-9_-]{43}$/);
    expect(headers['cache-control']).toBe('no-store');
    const list = await ask(doors.control, 'GET', '/api/v1/tokens', { headers: asOwner() });
    expect(JSON.stringify(list.body)).not.toContain(created.token);
    expect(list.body.items.map((token: { id: string }) => token.id)).toContain(created.id);
  });
});
