import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { AppError } from '../../src/contract/errors.ts';
import { type FakeServer, json, problem, startFakeServer } from './fake-server.ts';

let server: FakeServer;
let client: ReturnType<typeof createClient>;

beforeEach(async () => {
  server = await startFakeServer();
  client = createClient(server.connection);
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return error;
}

describe('a call', () => {
  test('fills the path and the query, and says who asks', async () => {
    let seen: { url: string | undefined; method: string | undefined; headers: object } | undefined;
    server.answer = (request, response) => {
      seen = { url: request.url, method: request.method, headers: request.headers };
      json(response, 200, { items: [], position: { epoch: 'e', seq: 0 } });
    };
    await client.call('listEvents', { params: { id: 'op_1/2' }, query: { after: 3 } });
    expect(seen).toMatchObject({
      url: '/api/v1/operations/op_1%2F2/events?after=3',
      method: 'GET',
      headers: { authorization: 'Bearer first-key', 'sfp-tenant': 'default' },
    });
  });

  test('sends JSON and the headers it is given', async () => {
    let body = '';
    let key: unknown;
    server.answer = (request, response) => {
      key = request.headers['idempotency-key'];
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => json(response, 202, { id: 'op_1' }));
    };
    const operation = await client.call('createOperation', {
      body: { task: 'salesforce.query', input: { soql: 'x' } },
      headers: { 'idempotency-key': 'once' },
    });
    expect(operation.id).toBe('op_1');
    expect(JSON.parse(body)).toEqual({ task: 'salesforce.query', input: { soql: 'x' } });
    expect(key).toBe('once');
  });

  test('turns a problem document into its error, with the hint of the server', async () => {
    server.answer = (_request, response) => problem(response, 422, 'unknown-org', { hint: 'Try uat.' });
    const error = await failureOf(client.call('listOrgs'));
    expect(error).toMatchObject({ code: 'unknown-org', message: 'detail of unknown-org', hint: 'Try uat.' });
  });

  test('keeps the text of a problem whose code it does not know', async () => {
    server.answer = (_request, response) => problem(response, 418, 'teapot');
    const error = await failureOf(client.call('listOrgs'));
    expect(error.code).toBe('internal');
    expect(error.message).toContain('detail of teapot');
  });

  test('says that an answer which is no JSON did not come from sfp-server', async () => {
    server.answer = (_request, response) => response.writeHead(502).end('bad gateway');
    const error = await failureOf(client.call('listOrgs'));
    expect(error).toMatchObject({ code: 'server-unreachable' });
    expect(error.message).toContain('502: bad gateway');
  });

  test('answers readiness also when the server is not ready', async () => {
    const readiness = { ready: false, checks: [{ name: 'store', ok: false, detail: 'disk full' }] };
    server.answer = (_request, response) => json(response, 503, readiness);
    expect(await client.call('readiness')).toEqual(readiness);
  });

  test('reads the key again when the daemon was started anew in between', async () => {
    await client.call('health');
    await server.renewKey('second-key');
    expect(await client.call('health')).toEqual({ ok: true });
  });

  test('says that no daemon runs, where there is no socket', async () => {
    await server.hangUp();
    const error = await failureOf(client.call('health'));
    expect(error).toMatchObject({
      code: 'daemon-not-running',
      hint: 'Start it with: sfp-server start --detach',
    });
  });

  test('names the URL of a server that cannot be reached', async () => {
    const remote = createClient({ kind: 'url', url: 'http://127.0.0.1:1', token: null });
    const error = await failureOf(remote.call('health'));
    await remote.close();
    expect(error.code).toBe('server-unreachable');
    expect(error.message).toContain('http://127.0.0.1:1');
  });

  test('ends when its signal says so', async () => {
    server.answer = () => {};
    const controller = new AbortController();
    const call = client.call('health', { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('uploads bytes as they are', async () => {
    const chunks: Buffer[] = [];
    server.answer = (request, response) => {
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => json(response, 201, { id: 'up_1', type: request.headers['content-type'] }));
    };
    const upload = await client.upload(Buffer.from([0, 255, 1]));
    expect(upload).toMatchObject({ id: 'up_1', type: 'application/octet-stream' });
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([0, 255, 1]));
  });
});
