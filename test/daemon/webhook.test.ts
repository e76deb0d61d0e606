import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { connectionOf } from '../../src/client/connect.ts';
import { type Environment, readEnvironment } from '../../src/config/environment.ts';
import { type App, createApp } from '../../src/daemon/app.ts';
import { openVault } from '../../src/vault/open.ts';
import { fixtureWorker } from '../support/fixture-worker.ts';

const YAML = `
vault: { provider: file }
orgs: { uat: {} }
hooks:
  github:
    kind: github
    secret: github-webhook
    rules:
      - name: push
        on: { event: push, branch: main }
        task: salesforce.query
        org: uat
        input: { soql: "SELECT Id FROM Account LIMIT {{ payload.limit }}" }
`;

let home: string;
let environment: Environment;
let app: App;
let client: Client;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'sfp-web-'));
  environment = readEnvironment({ SFP_SERVER_HOME: home });
  writeFileSync(environment.paths.configuration, YAML);
  const vault = await openVault({ provider: 'file', directory: environment.paths.fileVault });
  await vault.set('secret/default/github-webhook', 's3cret');
  const workerUrl = fixtureWorker('small-worker');
  app = await createApp({ environment, workerUrl, log: pino({ write: () => undefined }) });
  await app.start();
  client = createClient(connectionOf(environment, {}));
  const registration = {
    kind: 'jwt',
    username: 'ci@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: '00D000000000001AAA',
  } as const;
  await client.call('putOrg', { params: { org: 'uat' }, body: registration });
});

afterAll(async () => {
  await client.close();
  await app.stop();
  rmSync(home, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly deliveryId?: string; readonly operations?: string[] };
}

/** As Caddy hands it on: over the socket of the edge. */
function push(payload: object, changes: { secret?: string; id?: string } = {}): Promise<Answer> {
  const body = JSON.stringify({ ref: 'refs/heads/main', ...payload });
  const signature = createHmac('sha256', changes.secret ?? 's3cret')
    .update(body)
    .digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': changes.id ?? 'a-delivery',
    'x-hub-signature-256': `sha256=${signature}`,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const socketPath = environment.paths.edgeSocket;
  const sent = request({ socketPath, path: '/hooks/github', method: 'POST', headers }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
  });
  sent.on('error', reject).end(body);
  return promise;
}

it('a signed webhook at the edge becomes an operation that is worked on; again, it is answered with that one', async () => {
  const first = await push({ limit: 1 });
  expect(first).toMatchObject({ status: 202, body: { operations: [expect.stringMatching(/^op_/)] } });
  const id = first.body.operations?.[0] ?? '';
  await vi.waitFor(
    async () => expect((await client.call('getOperation', { params: { id } })).state).toBe('succeeded'),
    { timeout: 20_000, interval: 50 },
  );
  expect(await push({ limit: 1 })).toEqual({ ...first, status: 200 });
});

it('a forged one is a problem, and so is one that its rule cannot carry out', async () => {
  expect(await push({ limit: 2 }, { id: 'forged', secret: 'guessed' })).toMatchObject({
    status: 401,
    body: { code: 'bad-signature' },
  });
  expect(await push({}, { id: 'without-limit' })).toMatchObject({
    status: 422,
    body: { code: 'rule-failed' },
  });
  const { items } = await client.call('listDeliveries', { query: {} });
  expect(items.map(({ sourceId, outcome }) => [sourceId, outcome])).toEqual([
    ['without-limit', 'rule-failed'],
    ['a-delivery', 'matched'],
  ]);
});
