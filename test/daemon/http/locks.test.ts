import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ask, asOwner, bearing, type Doors, openDoors } from './open-doors.ts';

let doors: Doors;
const URL = '/api/v1/orgs/uat/locks';

beforeAll(async () => {
  doors = await openDoors({ configuration: { pools: { ci: ['uat'] } } });
});
afterAll(async () => doors.close());

const owner = (method: 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) =>
  ask(doors.control, method, url, { headers: asOwner(), ...(body === undefined ? {} : { body }) });

test('a lock is taken, renewed and released through either door', async () => {
  const { token } = await doors.token({ scopes: ['operations:write'] });
  const headers = bearing(token);
  const taken = await ask(doors.edge, 'POST', URL, { headers, body: { ttlSeconds: 60, note: 'ci' } });
  expect(taken).toMatchObject({
    status: 201,
    body: { org: 'uat', state: 'held', by: 'a program', note: 'ci', fence: 1 },
  });
  const renewed = await ask(doors.edge, 'PUT', `${URL}/${taken.body.id}`, { headers });
  expect(renewed).toMatchObject({ status: 200, body: { id: taken.body.id, ttlSeconds: 60 } });
  expect(await ask(doors.edge, 'DELETE', `${URL}/${taken.body.id}`, { headers })).toMatchObject({
    status: 204,
  });
});

test('a lock that expired is never revived', async () => {
  const { body } = await owner('POST', URL, { ttlSeconds: 10 });
  doors.clock.aheadMs += 10_000;
  for (const method of ['PUT', 'DELETE', 'PUT'] as const) {
    const answer = await owner(method, `${URL}/${body.id}`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'lock-expired' } });
  }
});

test.each(['PUT', 'DELETE'] as const)(
  'a late %s that ends a lock wakes what waited for its lane',
  async (method) => {
    const { body } = await owner('POST', URL, { ttlSeconds: 10 });
    doors.clock.aheadMs += 10_000;
    const wake = vi.spyOn(doors.parts, 'wake');
    expect((await owner(method, `${URL}/${body.id}`)).status).toBe(409);
    expect(wake).toHaveBeenCalledOnce();
    wake.mockRestore();
  },
);

test('a lock that nobody knows, of an org that nobody knows, cannot be had', async () => {
  const unknown = `lk_${'0'.repeat(26)}`;
  expect((await owner('PUT', `${URL}/${unknown}`)).status).toBe(404);
  expect((await owner('DELETE', `${URL}/${unknown}`)).status).toBe(404);
  expect((await owner('POST', '/api/v1/orgs/nowhere/locks', { ttlSeconds: 60 })).status).toBe(422);
});

test('a lock of a pool cannot be had: it is of one org', async () => {
  const answer = await owner('POST', '/api/v1/orgs/ci/locks', { ttlSeconds: 60 });
  expect(answer).toMatchObject({ status: 422, body: { code: 'unknown-org' } });
});

test.each([{}, { ttlSeconds: 9 }, { ttlSeconds: 3_601 }, { ttlSeconds: 60, note: '' }])(
  'a wish such as %j is refused',
  async (body) => {
    expect(await owner('POST', URL, body)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  },
);
