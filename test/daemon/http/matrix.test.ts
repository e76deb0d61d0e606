import type { InjectOptions } from 'fastify';
import { Check, Clean, Clone } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Route } from '../../../src/contract/route.ts';
import { ROUTES, type RouteName } from '../../../src/contract/routes.ts';
import { asOwner, bearing, type Doors, openDoors, QUERY, registration } from './open-doors.ts';

const SOME_TOKEN = `sfp_${'x'.repeat(43)}`;
const names = Object.keys(ROUTES) as RouteName[];
const routeOf = (name: RouteName): Route => ROUTES[name];
const open = names.filter((name) => routeOf(name).door === 'both' && routeOf(name).scope === null);
const ownersOnly = names.filter((name) => routeOf(name).door === 'control');
const scoped = names.filter((name) => routeOf(name).scope !== null);

let doors: Doors;
let reader: string;
let writer: string;

beforeAll(async () => {
  doors = await openDoors();
  reader = (await doors.token({ scopes: ['operations:read'] })).token;
  writer = (await doors.token({ scopes: ['operations:write'] })).token;
});
afterAll(async () => doors.close());

describe('every route', () => {
  test('belongs to exactly one kind of access', () => {
    expect([...open, ...ownersOnly, ...scoped].sort()).toEqual([...names].sort());
  });

  test.each(names)('%s answers its own status and schema to the owner, and nothing more', async (name) => {
    const route = routeOf(name);
    const answer = await doors.control.inject(await goodRequest(name, asOwner()));
    expect(answer.statusCode).toBe(route.status);
    const body: unknown = answer.body === '' ? null : answer.json();
    expect(Check(route.success, body)).toBe(true);
    expect(Clean(route.success, Clone(body))).toEqual(body);
  });

  test.each(names)('%s asks for the key at the control door', async (name) => {
    for (const headers of [{}, bearing('wrong'), bearing(reader)]) {
      const answer = await doors.control.inject(await goodRequest(name, headers));
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'unauthenticated']);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  test.each(open)('%s is open at the edge', async (name) => {
    const answer = await doors.edge.inject(await goodRequest(name, {}));
    expect(answer.statusCode).toBeLessThan(300);
  });

  test.each([...ownersOnly, ...scoped])('%s knows nobody without a token at the edge', async (name) => {
    for (const headers of [{}, bearing(SOME_TOKEN), asOwner()]) {
      const answer = await doors.edge.inject(await goodRequest(name, headers));
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'unauthenticated']);
    }
  });

  test.each(ownersOnly)('%s is refused to every token at the edge', async (name) => {
    const { token } = await doors.token();
    const answer = await doors.edge.inject(await goodRequest(name, bearing(token)));
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'control-only']);
  });

  test.each(scoped)('%s asks for its scope at the edge', async (name) => {
    const reads = routeOf(name).scope === 'operations:read';
    const refused = await doors.edge.inject(await goodRequest(name, bearing(reads ? writer : reader)));
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'forbidden']);
    const letIn = await doors.edge.inject(await goodRequest(name, bearing(reads ? reader : writer)));
    expect(letIn.statusCode).toBe(routeOf(name).status);
  });
});

/** A request to which only access can be the objection. */
async function goodRequest(name: RouteName, headers: Record<string, string>): Promise<InjectOptions> {
  const route = routeOf(name);
  const url = route.url
    .replace(':org', await orgFor(name))
    .replace(':id', await idFor(name))
    .replace(':hook', 'github');
  const payload = bodies[name];
  const type = route.raw === 'stream' ? { 'content-type': 'application/zip' } : {};
  return {
    method: route.method,
    url,
    headers: { ...headers, ...type },
    ...(payload === undefined ? {} : { payload: payload() }),
  };
}

async function idFor(name: RouteName): Promise<string> {
  const { url } = routeOf(name);
  if (url.includes('/tokens/')) return (await doors.token()).id;
  if (url.includes('/locks/')) return await lockOf();
  return operationFor(name);
}

let lastLock = 0;

async function lockOf(): Promise<string> {
  lastLock += 1;
  const id = `lk_${String(lastLock).padStart(26, '0')}`;
  const at = new Date().toISOString();
  await doors.store.createLock('default', 'spare', { id, ttlSeconds: 60, note: null, by: 'ann', at });
  return id;
}

const bodies: Partial<Record<RouteName, () => string | object>> = {
  createOperation: () => QUERY,
  createUpload: () => 'zip',
  resolveOperation: () => ({ as: 'failed', note: 'it is not in the org' }),
  createLock: () => ({ ttlSeconds: 60 }),
  putOrg: registration,
  createToken: () => ({ name: 'another', scopes: ['operations:read'], expiresAt: null }),
  createBackup: () => ({ file: '/backups/monday.db' }),
  receiveHook: () => ({ at: crypto.randomUUID() }),
};

async function operationFor(name: RouteName): Promise<string> {
  if (name === 'resolveOperation') return doors.indeterminate();
  const { id } = await doors.accept();
  if (name === 'retryOperation') {
    await doors.control.inject({
      method: 'POST',
      url: `/api/v1/operations/${id}/cancel`,
      headers: asOwner(),
    });
  }
  return id;
}

/** What is locked or goes is not the org that the others work with. */
async function orgFor(name: RouteName): Promise<string> {
  if (name !== 'deleteOrg' && !routeOf(name).url.includes('/locks')) return 'uat';
  const spare = { ...registration(), organisationId: '00D5g000004Cbyg' };
  await doors.store.putOrg('default', 'spare', spare, new Date().toISOString());
  return 'spare';
}
