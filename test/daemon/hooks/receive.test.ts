import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../src/config/file.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Configuration } from '../../../src/contract/configuration.ts';
import { AppError } from '../../../src/contract/errors.ts';
import { createReceive, type Receive } from '../../../src/daemon/hooks/receive.ts';
import { openStore } from '../../../src/daemon/store/open.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { openVault } from '../../../src/vault/open.ts';

const YAML = `
vault: { provider: file }
orgs: { uat: {} }
hooks:
  github:
    kind: github
    secret: github-webhook
    rules:
      - name: pull request
        on: { event: pull_request, branch: main }
        task: salesforce.query
        org: uat
        priority: batch
        input: { soql: "{{ payload.soql }}" }
        labels: { pr: "{{ payload.number }}" }
  elsewhere:
    kind: github
    secret: github-webhook
    tenant: acme
    rules: [{ name: push, on: { event: push }, task: salesforce.query, input: {} }]
`;

let home: string;
let store: Store;
let receive: Receive;
let configuration: Configuration;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'sfp-hook-'));
  const paths = pathsOf(home);
  configuration = parseConfiguration(YAML, 'sfp-server.yaml');
  store = await openStore({ file: paths.database });
  await putOrg('default', 'uat');
  const vault = await openVault({ provider: 'file', directory: paths.fileVault });
  await vault.set('secret/default/github-webhook', 's3cret');
  receive = createReceive({ store, configuration: () => configuration, paths, now: () => new Date() });
});

afterEach(async () => {
  await receive.stop();
  await store.close();
  rmSync(home, { recursive: true, force: true });
});

async function putOrg(tenant: string, alias: string): Promise<void> {
  const registration = {
    kind: 'jwt',
    username: 'ci@example.com',
    instanceUrl: 'https://example.my.salesforce.com',
    organisationId: '00D000000000001AAA',
  } as const;
  await store.putOrg(tenant, alias, registration, new Date().toISOString());
}

interface Sent {
  readonly body?: object | string;
  readonly id?: string;
  readonly event?: string;
  readonly secret?: string;
  readonly hook?: string;
}

function send(sent: Sent = {}) {
  const { body = pullRequest(), id = randomUUID(), event = 'pull_request', secret = 's3cret' } = sent;
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const signature = createHmac('sha256', secret).update(bytes).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  return receive.receive(sent.hook ?? 'github', headers, bytes);
}

function pullRequest(changes: object = {}) {
  return { number: 7, soql: 'SELECT Id FROM Account', pull_request: { base: { ref: 'main' } }, ...changes };
}

async function deliveries(tenant = 'default') {
  return (await store.listDeliveries(tenant, 50, null)).items;
}

async function operations(tenant = 'default') {
  const filter = { tenant, states: null, org: null, task: null, label: null, limit: 50, cursor: null };
  return (await store.listOperations(filter)).items;
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a verified delivery', () => {
  it('becomes the operation that its rule describes', async () => {
    const { repeated, receipt } = await send({ id: 'first-delivery' });
    expect(repeated).toBe(false);
    const operation = await store.getOperation('default', receipt.operations[0] ?? '');
    expect(operation).toMatchObject({
      task: 'salesforce.query',
      org: 'uat',
      state: 'queued',
      priority: 'batch',
      input: { soql: 'SELECT Id FROM Account' },
      labels: { pr: '7' },
      origin: { kind: 'hook', name: 'github/pull request', deliveryId: receipt.deliveryId },
    });
    expect(await deliveries()).toEqual([
      expect.objectContaining({
        id: receipt.deliveryId,
        sourceId: 'first-delivery',
        event: 'pull_request',
        outcome: 'matched',
        rule: 'pull request',
        operations: receipt.operations,
      }),
    ]);
  });

  it('that no rule wants is recorded and makes nothing', async () => {
    const { receipt } = await send({ body: pullRequest({ pull_request: { base: { ref: 'develop' } } }) });
    expect(receipt.operations).toEqual([]);
    expect(await deliveries()).toMatchObject([{ outcome: 'no-rule', operations: [] }]);
  });

  it('a ping is accepted, whatever the rules say', async () => {
    expect((await send({ event: 'ping', body: { zen: 'Design for failure.' } })).receipt.operations).toEqual(
      [],
    );
  });

  it('two deliveries are two operations', async () => {
    await Promise.all([send(), send({ body: pullRequest({ number: 8 }) })]);
    expect(await operations()).toHaveLength(2);
  });
});

describe('a repeated delivery', () => {
  it('answers with the first operation', async () => {
    const first = await send({ id: 'same' });
    expect(await send({ id: 'same' })).toEqual({ repeated: true, receipt: first.receipt });
    expect(await operations()).toHaveLength(1);
  });

  it('is known by its body too, under a new id and as another event', async () => {
    const first = await send();
    expect(await send()).toEqual({ repeated: true, receipt: first.receipt });
    expect(await send({ event: 'push' })).toEqual({ repeated: true, receipt: first.receipt });
    expect(await deliveries()).toHaveLength(1);
  });

  it('makes one operation, however many come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(answers.map(({ receipt }) => receipt.operations[0])).size).toBe(1);
    expect(await operations()).toHaveLength(1);
  });
});

describe('a rule that fails', () => {
  const broken = pullRequest({ soql: undefined });

  it('is recorded with its reason, and answered with it', async () => {
    const refused = await send({ body: broken }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({ code: 'rule-failed', status: 422 });
    const [delivery] = await deliveries();
    expect(delivery).toMatchObject({ outcome: 'rule-failed', rule: 'pull request', operations: [] });
    expect(delivery?.detail).toBe((refused as AppError).message);
    expect(delivery?.detail).toContain('{{ payload.soql }} has no value in this delivery.');
  });

  it('fails likewise where the operation would be refused', async () => {
    await expect(send({ body: pullRequest({ soql: 5 }) })).rejects.toThrow(code('rule-failed'));
    await store.deleteOrg('default', 'uat');
    await expect(send()).rejects.toThrow(code('rule-failed'));
    expect((await deliveries()).map(({ outcome }) => outcome)).toEqual(['rule-failed', 'rule-failed']);
    expect(await operations()).toEqual([]);
  });

  it('fails likewise where the tool of its command is not installed', async () => {
    const rules = YAML.replace('task: salesforce.query\n        org: uat', 'task: command');
    const input = rules.replace('{ soql: "{{ payload.soql }}" }', '{ command: import }');
    const command = 'commands: { import: { run: [sf, data, import], tools: [sf] } }';
    const yaml = `${input}${command}\ntools: { sf: { npm: "@salesforce/cli@2.150.6" } }\n`;
    configuration = parseConfiguration(yaml, 'sfp-server.yaml');
    await expect(send()).rejects.toThrow(code('rule-failed'));
    const [delivery] = await deliveries();
    expect(delivery).toMatchObject({ outcome: 'rule-failed', rule: 'pull request' });
    expect(delivery?.detail).toContain('sfp-server tools install');
  });

  it('the same delivery works once the cause is removed', async () => {
    await store.deleteOrg('default', 'uat');
    await expect(send({ id: 'again' })).rejects.toThrow(code('rule-failed'));
    await expect(send({ id: 'again' })).rejects.toThrow(code('rule-failed'));
    await putOrg('default', 'uat');
    const { repeated, receipt } = await send({ id: 'again' });
    expect(repeated).toBe(false);
    expect(receipt.operations).toHaveLength(1);
    expect(await deliveries()).toMatchObject([{ id: receipt.deliveryId, outcome: 'matched' }]);
    expect(await send({ id: 'again' })).toEqual({ repeated: true, receipt });
  });
});

describe('a full queue', () => {
  it('takes no delivery and remembers none, so that the same one may come again', async () => {
    configuration = { ...configuration, queue: { limit: 1, limitPerTenant: 1 } };
    const { receipt } = await send();
    await expect(send({ id: 'again', body: pullRequest({ number: 8 }) })).rejects.toThrow(code('queue-full'));
    expect(await deliveries()).toHaveLength(1);
    await store.requestCancel('default', receipt.operations[0] ?? '', null, new Date().toISOString());
    expect(await send({ id: 'again', body: pullRequest({ number: 8 }) })).toMatchObject({ repeated: false });
  });
});

describe('what is refused writes nothing', () => {
  it.each([
    ['a wrong signature', { secret: 'guessed' }, 'bad-signature'],
    ['an unknown hook', { hook: 'gitlab' }, 'unknown-hook'],
    ['a name that every object has', { hook: 'constructor' }, 'unknown-hook'],
    ['a hook whose secret nobody stored', { hook: 'elsewhere', event: 'push' }, 'hook-secret-missing'],
    ['broken JSON', { body: '{"a":' }, 'invalid-json'],
    ['a delivery id that is none', { id: 'a b' }, 'invalid-request'],
  ])('%s', async (_, sent, expected) => {
    await expect(send(sent)).rejects.toThrow(code(expected));
    expect([...(await deliveries()), ...(await deliveries('acme'))]).toEqual([]);
    expect(await operations()).toEqual([]);
  });

  it('a wrong signature stays wrong where the delivery is known', async () => {
    await send({ id: 'known' });
    await expect(send({ id: 'known', secret: 'guessed' })).rejects.toThrow(code('bad-signature'));
  });
});
