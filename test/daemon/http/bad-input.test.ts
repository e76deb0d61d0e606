import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, asOwner, bearing, type Doors, openDoors, QUERY, registration } from './open-doors.ts';

const OPERATIONS = '/api/v1/operations';
const json = { ...asOwner(), 'content-type': 'application/json' };
const DEPLOY = { task: 'salesforce.deploy', org: 'uat' };
let doors: Doors;

beforeAll(async () => {
  doors = await openDoors({ configuration: { repos: { crm: { url: 'https://example.com/crm.git' } } } });
});
afterAll(async () => doors.close());

describe('a refused request for work', () => {
  test.each([
    ['an unknown task', { ...QUERY, task: 'salesforce.nothing' }, 422, 'unknown-task', 'salesforce.nothing'],
    [
      'a task named like a property of objects',
      { ...QUERY, task: 'constructor' },
      422,
      'unknown-task',
      'constructor',
    ],
    ['a missing org', { task: QUERY.task, input: QUERY.input }, 422, 'org-required', 'salesforce.query'],
    ['an org without a login', { ...QUERY, org: 'prod' }, 422, 'unknown-org', '"prod"'],
    ['a missing field of the input', { ...QUERY, input: {} }, 422, 'invalid-input', 'input.soql is required'],
    ['a wrong type', { ...QUERY, input: { soql: 5 } }, 422, 'invalid-input', 'input.soql must be string'],
    [
      'an unknown field of the input',
      { ...QUERY, input: { soql: 'S', x: 1 } },
      422,
      'invalid-input',
      'input.x is not a known field',
    ],
    [
      'a field of a nested input',
      { ...DEPLOY, input: { source: { git: { repo: 'crm' } } } },
      422,
      'invalid-input',
      'input.source.git.ref is required',
    ],
    [
      'a ref that Git would take for an option',
      { ...DEPLOY, input: { source: { git: { repo: 'crm', ref: '--upload-pack=x' } } } },
      422,
      'invalid-input',
      'input.source.git.ref',
    ],
    [
      'an undeclared repository',
      { ...DEPLOY, input: { source: { git: { repo: 'erp', ref: 'main' } } } },
      422,
      'unknown-repository',
      '"erp"',
    ],
    [
      'a repository named like a property of objects',
      { ...DEPLOY, input: { source: { git: { repo: 'toString', ref: 'main' } } } },
      422,
      'unknown-repository',
      'toString',
    ],
    [
      'a missing upload',
      { ...DEPLOY, input: { source: { upload: 'up_01ARZ3NDEKTSV4RRFFQ69G5FAV' } } },
      422,
      'upload-missing',
      'up_01ARZ3NDEKTSV4RRFFQ69G5FAV',
    ],
    [
      'a directory while none is declared',
      { ...DEPLOY, input: { source: { directory: '/etc' } } },
      403,
      'directory-not-allowed',
      '/etc',
    ],
    [
      'an unknown field',
      { ...QUERY, colour: 'red' },
      400,
      'invalid-request',
      'body.colour is not a known field',
    ],
    ['a missing task', { input: {} }, 400, 'invalid-request', 'body.task is required'],
    [
      'an override without a reason',
      { ...QUERY, overrideWindow: ' ' },
      400,
      'invalid-request',
      'overrideWindow',
    ],
    ['a time that is none', { ...QUERY, runAt: 'tomorrow' }, 400, 'invalid-request', 'body.runAt'],
    ['a 30th of February', { ...QUERY, runAt: '2026-02-30T10:00:00Z' }, 400, 'invalid-request', 'body.runAt'],
    ['a time in two years', { ...QUERY, runAt: '2099-01-01T00:00:00Z' }, 400, 'invalid-request', 'year'],
    [
      'an unknown priority',
      { ...QUERY, priority: 'high' },
      400,
      'invalid-request',
      'body.priority must be one of critical, normal, batch',
    ],
    ['too many attempts', { ...QUERY, maxAttempts: 21 }, 400, 'invalid-request', 'body.maxAttempts'],
    ['a label that is no text', { ...QUERY, labels: { a: 1 } }, 400, 'invalid-request', 'body.labels.a'],
    ['a list instead of an object', [], 400, 'invalid-request', 'body must be object'],
  ])('names the mistake: %s', async (_mistake, body, status, code, detail) => {
    const before = await doors.store.position();
    const answer = await ask(doors.control, 'POST', OPERATIONS, { headers: json, body });
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    expect(answer.body).toMatchObject({ type: 'about:blank', status, code });
    expect(answer.body.detail).toContain(detail);
    expect(answer.body.hint).not.toBe('');
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(await doors.store.position()).toEqual(before);
  });

  test('has an input that is too large', async () => {
    const classes = Array.from({ length: 2_000 }, () => 'é'.repeat(120));
    const input = { source: { git: { repo: 'crm', ref: 'main' } }, runTests: classes };
    const answer = await ask(doors.control, 'POST', OPERATIONS, {
      headers: json,
      body: { ...DEPLOY, input },
    });
    expect([answer.status, answer.body.code]).toEqual([413, 'body-too-large']);
  });

  test('is nested without end', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const body = `{"task":"salesforce.query","org":"uat","input":{"soql":"S","x":${deep}}}`;
    const answer = await ask(doors.control, 'POST', OPERATIONS, { headers: json, body });
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid-input']);
  });
});

describe('a refused body', () => {
  test.each(['{"task":', 'task=1', '{"__proto__":{"admin":true}}', '"\u0000'])(
    'is no JSON: %s',
    async (body) => {
      const answer = await ask(doors.control, 'POST', OPERATIONS, { headers: json, body });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-json']);
    },
  );

  test('is no UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"task":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const answer = await ask(doors.control, 'POST', OPERATIONS, { headers: json, body });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-json']);
  });

  test('is larger than the route takes', async () => {
    const body = { ...QUERY, input: { soql: 'x'.repeat(600_000) } };
    const answer = await ask(doors.control, 'POST', OPERATIONS, { headers: json, body });
    expect([answer.status, answer.body.code]).toEqual([413, 'body-too-large']);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('is missing', async () => {
    for (const headers of [json, asOwner()]) {
      const answer = await ask(doors.control, 'POST', OPERATIONS, { headers });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    }
  });

  test.each(['text/plain', 'application/xml', 'not a type'])('has the type %s', async (type) => {
    const headers = { ...asOwner(), 'content-type': type };
    const answer = await ask(doors.control, 'POST', OPERATIONS, { headers, body: '{}' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type']);
  });
});

describe('a refused caller', () => {
  test('has a token that expired', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { token } = await doors.token({ expiresAt });
    expect((await ask(doors.edge, 'GET', OPERATIONS, { headers: bearing(token) })).status).toBe(200);
    doors.clock.aheadMs = 61_000;
    const answer = await ask(doors.edge, 'GET', OPERATIONS, { headers: bearing(token) });
    doors.clock.aheadMs = 0;
    expect([answer.status, answer.body.code]).toEqual([401, 'token-expired']);
  });

  test('has a token that was revoked', async () => {
    const { id, token } = await doors.token();
    await ask(doors.control, 'DELETE', `/api/v1/tokens/${id}`, { headers: asOwner() });
    const answer = await ask(doors.edge, 'GET', OPERATIONS, { headers: bearing(token) });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    const again = await ask(doors.control, 'DELETE', `/api/v1/tokens/${id}`, { headers: asOwner() });
    expect([again.status, again.body.code]).toEqual([404, 'not-found']);
  });

  test('names a tenant that is none', async () => {
    const answer = await ask(doors.control, 'GET', OPERATIONS, { headers: asOwner('../other') });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  test('cannot choose a tenant at the edge', async () => {
    await doors.accept({}, 'secret-tenant');
    const { token } = await doors.token({ tenant: 'empty' });
    const headers = { ...bearing(token), 'sfp-tenant': 'secret-tenant' };
    expect((await ask(doors.edge, 'GET', OPERATIONS, { headers })).body.items).toEqual([]);
  });
});

describe('a refused path or place', () => {
  test.each(['/', '/api/v1/nothing', '/api/v2/operations', '/hooks', `/${'x'.repeat(300)}`])(
    '%s is no route',
    async (url) => {
      const answer = await ask(doors.edge, 'GET', url);
      expect([answer.status, answer.body.code]).toEqual([404, 'route-not-found']);
    },
  );

  test('a path that is no URL is a mistake of the request', async () => {
    const answer = await ask(doors.edge, 'GET', '/api/v1/operations/%E0%A4%A');
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  test.each(['op_1', 'op_01ARZ3NDEKTSV4RRFFQ69G5FA!', '..%2f..'])('%s is no id', async (id) => {
    const answer = await ask(doors.control, 'GET', `${OPERATIONS}/${id}`, { headers: asOwner() });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(answer.body.detail).toContain('params.id');
  });

  test('a token that is born expired is not made', async () => {
    const body = { name: 'old', scopes: ['operations:read'], expiresAt: '2020-01-01T00:00:00Z' };
    const answer = await ask(doors.control, 'POST', '/api/v1/tokens', { headers: json, body });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  test('an organisation id that is none is not registered', async () => {
    const body = { ...registration(), organisationId: '001000000000000' };
    const answer = await ask(doors.control, 'PUT', '/api/v1/orgs/new', { headers: json, body });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(await doors.store.getOrganisationId('default', 'new')).toBeNull();
  });

  test('an org that nobody knows cannot be removed', async () => {
    const answer = await ask(doors.control, 'DELETE', '/api/v1/orgs/nobody', { headers: asOwner() });
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
  });
});

test('what is no HTTP is answered with a problem too', async () => {
  const own = await openDoors();
  const path = join(own.paths.home, 'raw.sock');
  await own.edge.listen({ path });
  try {
    for (const head of ['NONSENSE\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\u0000b\r\n\r\n']) {
      const answer = await converse(path, head);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'invalid-request' });
    }
  } finally {
    await own.close();
  }
});

async function converse(path: string, text: string): Promise<string> {
  const socket = connect(path);
  socket.write(text);
  const answer = await socket.setEncoding('utf8').toArray();
  return answer.join('');
}

test('a bug is answered without a word about it', async () => {
  const broken = await openDoors();
  broken.parts.operations.store.listTokens = async () => {
    throw new Error('a secret detail at /a/private/path');
  };
  const answer = await ask(broken.control, 'GET', '/api/v1/tokens', { headers: asOwner() });
  expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
  expect(JSON.stringify(answer.body)).not.toContain('private');
  await broken.close();
});
