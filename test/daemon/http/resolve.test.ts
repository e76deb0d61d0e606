import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, asOwner, bearing, type Doors, openDoors } from './open-doors.ts';

let doors: Doors;
const BODY = { as: 'succeeded', note: 'it is in the org' };

beforeAll(async () => {
  doors = await openDoors();
});
afterAll(async () => doors.close());

const resolve = (id: string, body: unknown, headers = asOwner()) =>
  ask(doors.control, 'POST', `/api/v1/operations/${id}/resolve`, { headers, body });

test('a person resolves an indeterminate operation, once', async () => {
  const id = await doors.indeterminate();
  const { token } = await doors.token({ scopes: ['operations:write'] });
  const url = `/api/v1/operations/${id}/resolve`;
  const resolved = await ask(doors.edge, 'POST', url, { headers: bearing(token), body: BODY });
  expect(resolved).toMatchObject({
    status: 200,
    body: { id, state: 'indeterminate', resolution: { ...BODY, by: 'a program' } },
  });
  const again = await resolve(id, { as: 'failed', note: 'no' });
  expect(again).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
  expect(again.body.detail).toContain('has been resolved already');
  const read = await ask(doors.control, 'GET', `/api/v1/operations/${id}`, { headers: asOwner() });
  expect(read.body).toEqual(resolved.body);
});

test('what did not end indeterminate cannot be resolved', async () => {
  const { id } = await doors.accept();
  const answer = await resolve(id, BODY);
  expect(answer).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
  expect(answer.body.detail).toContain('is queued');
  expect((await resolve(`op_${'0'.repeat(26)}`, BODY)).status).toBe(404);
  expect((await resolve(id, BODY, asOwner('other'))).status).toBe(404);
});

test.each([{}, { as: 'succeeded' }, { as: 'cancelled', note: 'x' }, { as: 'failed', note: '' }])(
  'a resolution such as %j is refused',
  async (body) => {
    const { id } = await doors.accept();
    expect(await resolve(id, body)).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  },
);
