import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, asOwner, bearing, type Doors, openDoors } from './open-doors.ts';

let doors: Doors;

beforeAll(async () => {
  doors = await openDoors({ configuration: { pools: { ci: ['uat'] } } });
});
afterAll(async () => doors.close());

const as = (headers: Record<string, string>, body?: unknown) => ({ headers, ...(body ? { body } : {}) });

describe('a lane', () => {
  test('is paused and resumed through either door, in the name of who asked', async () => {
    const { token } = await doors.token({ scopes: ['operations:write'] });
    const paused = await ask(
      doors.edge,
      'POST',
      '/api/v1/orgs/uat/pause',
      as(bearing(token), { reason: 'r' }),
    );
    expect(paused).toMatchObject({
      status: 200,
      body: { lane: { paused: { by: 'a program', reason: 'r', operation: null } } },
    });
    const listed = await ask(doors.control, 'GET', '/api/v1/orgs', as(asOwner()));
    expect(listed.body.items[0].lane.paused).toEqual(paused.body.lane.paused);
    const resumed = await ask(doors.control, 'POST', '/api/v1/orgs/uat/resume', as(asOwner()));
    expect(resumed).toMatchObject({ status: 200, body: { lane: { paused: null } } });
    const unsaid = await ask(doors.control, 'POST', '/api/v1/orgs/uat/pause', as(asOwner()));
    expect(unsaid.body.lane.paused).toMatchObject({ by: 'the owner', reason: null });
  });

  test.each(['pause', 'resume'])(
    'of an org that nobody knows, or of a pool, cannot be told to %s',
    async (what) => {
      const answer = await ask(doors.control, 'POST', `/api/v1/orgs/nowhere/${what}`, as(asOwner()));
      expect(answer).toMatchObject({ status: 422, body: { code: 'unknown-org' } });
      const pool = await ask(doors.control, 'POST', `/api/v1/orgs/ci/${what}`, as(asOwner()));
      expect(pool).toMatchObject({ status: 422, body: { code: 'unknown-org' } });
      const elsewhere = await ask(doors.control, 'POST', `/api/v1/orgs/uat/${what}`, as(asOwner('other')));
      expect(elsewhere.status).toBe(422);
    },
  );

  test.each([{ reason: '' }, { reason: 'x'.repeat(501) }, { because: 'x' }])(
    'takes no such reason: %j',
    async (body) => {
      const answer = await ask(doors.control, 'POST', '/api/v1/orgs/uat/pause', as(asOwner(), body));
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    },
  );
});

test('the server is paused and resumed by its owner', async () => {
  const paused = await ask(doors.control, 'POST', '/api/v1/server/pause', as(asOwner(), { reason: 'r' }));
  expect(paused).toMatchObject({ status: 200, body: { paused: { by: 'the owner', reason: 'r' } } });
  expect(await doors.store.serverPause()).toEqual(paused.body.paused);
  const resumed = await ask(doors.control, 'POST', '/api/v1/server/resume', as(asOwner()));
  expect(resumed).toMatchObject({ status: 200, body: { paused: null } });
});
