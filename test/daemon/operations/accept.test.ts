import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OperationRequest } from '../../../src/contract/operation.ts';
import { acceptOperation, prepareOperation } from '../../../src/daemon/operations/accept.ts';
import { cancelOperation } from '../../../src/daemon/operations/cancel.ts';
import { retryOperation } from '../../../src/daemon/operations/retry.ts';
import { type MadeParts, makeParts, NOW, ORGANISATION, ORIGIN, OWNER } from './make-parts.ts';

const QUERY: OperationRequest = {
  task: 'salesforce.query',
  org: 'uat',
  input: { soql: 'SELECT Id FROM Account' },
};
let parts: MadeParts;

beforeEach(async () => {
  parts = await makeParts();
});
afterEach(async () => parts.close());

describe('a prepared operation', () => {
  test('has what the request says, and the defaults of its task', async () => {
    const operation = await prepare(QUERY);
    expect(operation).toMatchObject({
      tenant: 'default',
      task: 'salesforce.query',
      org: 'uat',
      lane: { organisation: ORGANISATION, mode: 'shared' },
      priority: 'normal',
      maxAttempts: 3,
      timeoutSeconds: 600,
      labels: {},
      scheduledFor: null,
      supersede: null,
      createdAt: NOW.toISOString(),
    });
    expect(operation.id).toMatch(/^op_[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test('is written nowhere', async () => {
    const before = await parts.store.position();
    await prepare(QUERY);
    expect(await parts.store.position()).toEqual(before);
  });

  test('sorts by the order of acceptance within one millisecond', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 20; count++) ids.push((await prepare(QUERY)).id);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(20);
  });

  test('that only checks is still alone in its lane', async () => {
    parts.settings = { ...parts.settings, repos: { crm: { url: 'https://example.com/crm.git' } } };
    const input = { checkOnly: true, source: { git: { repo: 'crm', ref: 'main' } } };
    expect((await prepare({ task: 'salesforce.deploy', org: 'uat', input })).lane?.mode).toBe('exclusive');
  });

  test('waits for a moment to come, and not for one that has come', async () => {
    expect((await prepare({ ...QUERY, runAt: '2026-06-01T15:00:00+02:00' })).scheduledFor).toBe(
      '2026-06-01T13:00:00.000Z',
    );
    expect((await prepare({ ...QUERY, runAt: '2026-06-01T13:00:00+02:00' })).scheduledFor).toBeNull();
    expect((await prepare({ ...QUERY, runAt: '2027-06-01T12:00:00Z' })).scheduledFor).toBe(
      '2027-06-01T12:00:00.000Z',
    );
    expect((await prepare({ ...QUERY, runAt: '1999-06-01T12:00:00Z' })).scheduledFor).toBeNull();
    for (const runAt of [
      '2027-07-01T12:00:00Z',
      '2126-06-01T12:00:00Z',
      'soon',
      '2026-06-02T12:00:00Z[Europe/Nowhere]',
    ]) {
      await expect(prepare({ ...QUERY, runAt })).rejects.toMatchObject({ code: 'invalid-request' });
    }
  });

  test('knows only the orgs of its tenant', async () => {
    const wanted = { tenant: 'other', request: QUERY, origin: ORIGIN, retryOf: null };
    await expect(prepareOperation(parts, wanted)).rejects.toMatchObject({ code: 'unknown-org' });
  });

  test('is refused with the field when the request came past the routes', async () => {
    await expect(prepare({ ...QUERY, priority: 'urgent' } as never)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('request.priority'),
    });
    await expect(prepare({ ...QUERY, labels: { 'no spaces': 'x' } })).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });
});

describe('an accepted operation', () => {
  test('is the same one for the same key of the same caller', async () => {
    const options = { idempotencyKey: 'one', origin: ORIGIN };
    const first = await acceptOperation(parts, OWNER, QUERY, options);
    const again = await acceptOperation(
      parts,
      OWNER,
      { input: QUERY.input, org: 'uat', task: QUERY.task },
      options,
    );
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect(again.operation.id).toBe(first.operation.id);
    const conflict = acceptOperation(parts, OWNER, { ...QUERY, priority: 'batch' }, options);
    await expect(conflict).rejects.toMatchObject({ code: 'idempotency-conflict' });
  });

  test('comes before what is wrong with another request of the same key', async () => {
    const options = { idempotencyKey: 'first', origin: ORIGIN };
    await acceptOperation(parts, OWNER, QUERY, options);
    for (const wrong of [{ task: 'unknown' }, { org: 'nowhere' }, { input: {} }, { runAt: 'soon' }]) {
      const other = acceptOperation(parts, OWNER, { ...QUERY, ...wrong }, options);
      await expect(other).rejects.toMatchObject({ code: 'idempotency-conflict' });
    }
  });

  test('is one when the same request comes many times at once', async () => {
    const options = { idempotencyKey: 'rush', origin: ORIGIN };
    const all = await Promise.all(
      Array.from({ length: 20 }, () => acceptOperation(parts, OWNER, QUERY, options)),
    );
    expect(new Set(all.map(({ operation }) => operation.id)).size).toBe(1);
    expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  test('is answered with although its org is gone by now', async () => {
    const options = { idempotencyKey: 'kept', origin: ORIGIN };
    const first = await acceptOperation(parts, OWNER, QUERY, options);
    await parts.store.deleteOrg('default', 'uat');
    expect(await acceptOperation(parts, OWNER, QUERY, options)).toEqual({ ...first, replayed: true });
    parts.clock = new Date(NOW.getTime() + 24 * 3_600_000);
    const afterwards = acceptOperation(parts, OWNER, QUERY, options);
    await expect(afterwards).rejects.toMatchObject({ code: 'unknown-org' });
  });

  test('is still answered with after its time has come', async () => {
    const options = { idempotencyKey: 'later', origin: ORIGIN };
    const request = { ...QUERY, runAt: '2026-06-01T12:00:10Z' };
    const first = await acceptOperation(parts, OWNER, request, options);
    parts.clock = new Date('2026-06-01T12:00:20Z');
    expect(await acceptOperation(parts, OWNER, request, options)).toEqual({
      replayed: true,
      operation: first.operation,
    });
  });
});

test.each([1, 48])('a key is kept for as long as the configuration says (%i h)', async (keepHours) => {
  parts.settings = { ...parts.settings, idempotency: { keepHours } };
  const options = { idempotencyKey: 'kept', origin: ORIGIN };
  const first = await acceptOperation(parts, OWNER, QUERY, options);
  parts.clock = new Date(NOW.getTime() + keepHours * 3_600_000 - 1);
  expect(await acceptOperation(parts, OWNER, QUERY, options)).toEqual({ ...first, replayed: true });
  parts.clock = new Date(NOW.getTime() + keepHours * 3_600_000);
  const afterwards = await acceptOperation(parts, OWNER, QUERY, options);
  expect(afterwards.replayed).toBe(false);
  expect(afterwards.operation.id).not.toBe(first.operation.id);
});

test('a key that was used keeps its time when the configuration changes', async () => {
  const options = { idempotencyKey: 'kept', origin: ORIGIN };
  const first = await acceptOperation(parts, OWNER, QUERY, options);
  parts.settings = { ...parts.settings, idempotency: { keepHours: 1 } };
  parts.clock = new Date(NOW.getTime() + 23 * 3_600_000);
  expect(await acceptOperation(parts, OWNER, QUERY, options)).toEqual({ ...first, replayed: true });
});

describe('what becomes of it when its worker is lost', () => {
  test('is what the task says unless the request is more careful', async () => {
    expect((await prepare(QUERY)).onWorkerLoss).toBeNull();
    for (const onWorkerLoss of ['retry', 'resume', 'indeterminate'] as const) {
      expect((await prepare({ ...QUERY, onWorkerLoss })).onWorkerLoss).toBe(onWorkerLoss);
    }
  });

  test('is never less careful than the task: an effect could be sent twice', async () => {
    parts.settings = { ...parts.settings, repos: { crm: { url: 'https://example.com/crm.git' } } };
    const input = { source: { git: { repo: 'crm', ref: 'main' } } };
    const deploy: OperationRequest = { task: 'salesforce.deploy', org: 'uat', input };
    expect((await prepare({ ...deploy, onWorkerLoss: 'resume' })).onWorkerLoss).toBe('resume');
    await expect(prepare({ ...deploy, onWorkerLoss: 'retry' })).rejects.toMatchObject({
      code: 'invalid-input',
      message:
        'onWorkerLoss: retry could send an effect of salesforce.deploy a second time, whose own policy is resume.',
      hint: 'Leave onWorkerLoss out, or ask for a more careful one: resume or indeterminate.',
    });
    await expect(prepare({ ...deploy, onWorkerLoss: 'guess' } as never)).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });

  test('is kept by a retry', async () => {
    const request = { ...QUERY, onWorkerLoss: 'indeterminate' as const };
    const { operation } = await acceptOperation(parts, OWNER, request, {
      idempotencyKey: null,
      origin: ORIGIN,
    });
    await cancelOperation(parts, OWNER, operation.id);
    const retry = await retryOperation(parts, OWNER, operation.id);
    expect(retry.onWorkerLoss).toBe('indeterminate');
  });
});

describe('a full queue', () => {
  beforeEach(() => {
    parts.settings = { ...parts.settings, queue: { limit: 1, limitPerTenant: 1 } };
  });

  test('refuses new work and another try of old work, and still answers a repeated request', async () => {
    const ended = await accept();
    await parts.store.requestCancel('default', ended.operation.id, null, NOW.toISOString());
    const options = { idempotencyKey: 'known', origin: ORIGIN };
    const first = await acceptOperation(parts, OWNER, QUERY, options);
    await expect(accept()).rejects.toMatchObject({ code: 'queue-full' });
    const again = retryOperation(parts, OWNER, ended.operation.id);
    await expect(again).rejects.toMatchObject({ code: 'queue-full' });
    expect(await acceptOperation(parts, OWNER, QUERY, options)).toEqual({ ...first, replayed: true });
  });
});

describe('a pool', () => {
  test('may be named as the org when one of its orgs is known, and a retry names it again', async () => {
    parts.settings = { ...parts.settings, pools: { ci: ['ci1', 'uat'], none: ['ci1'] } };
    const request = { ...QUERY, org: 'ci' };
    expect(await prepare(request)).toMatchObject({
      org: null,
      lane: null,
      pool: { name: 'ci', mode: 'shared' },
    });
    const options = { idempotencyKey: null, origin: ORIGIN };
    const { operation } = await acceptOperation(parts, OWNER, request, options);
    const rules = { concurrency: {}, closed: {}, pools: parts.settings.pools };
    expect((await parts.store.claim(NOW.toISOString(), rules))?.operation).toMatchObject({
      org: 'uat',
      pool: 'ci',
    });
    await parts.store.settle(operation.id, 1, { to: 'succeeded', result: {} }, NOW.toISOString());
    expect(await retryOperation(parts, OWNER, operation.id)).toMatchObject({ org: null, pool: 'ci' });
    await expect(prepare({ ...QUERY, org: 'none' })).rejects.toMatchObject({
      code: 'unknown-org',
      message: 'No org of the pool "none" is known here.',
    });
    await expect(prepare({ ...QUERY, org: 'unknown' })).rejects.toMatchObject({ code: 'unknown-org' });
  });
});

describe('cancelling', () => {
  test('a running operation is a wish, and wishing twice is no mistake', async () => {
    const { operation } = await accept();
    await parts.store.claim(NOW.toISOString());
    const first = await cancelOperation(parts, OWNER, operation.id);
    expect(first).toMatchObject({ state: 'running', cancelRequestedAt: NOW.toISOString() });
    parts.clock = new Date(NOW.getTime() + 1_000);
    expect(await cancelOperation(parts, OWNER, operation.id)).toMatchObject({
      cancelRequestedAt: NOW.toISOString(),
    });
    const events = await parts.store.listEvents({
      tenant: 'default',
      operation: operation.id,
      org: null,
      afterSeq: 0,
      limit: 100,
    });
    expect(events.filter(({ body }) => body.type === 'cancel-requested')).toHaveLength(1);
  });

  test('what ended by itself is refused', async () => {
    const { operation } = await accept();
    const claim = await parts.store.claim(NOW.toISOString());
    await parts.store.settle(
      operation.id,
      claim?.operation.attempt ?? 0,
      { to: 'succeeded', result: {} },
      NOW.toISOString(),
    );
    await expect(cancelOperation(parts, OWNER, operation.id)).rejects.toMatchObject({ code: 'wrong-state' });
  });
});

describe('retrying', () => {
  test('is checked like a new request', async () => {
    const { operation } = await accept();
    await cancelOperation(parts, OWNER, operation.id);
    await parts.store.deleteOrg('default', 'uat');
    await expect(retryOperation(parts, OWNER, operation.id)).rejects.toMatchObject({ code: 'unknown-org' });
  });

  test('says who asked', async () => {
    const { operation } = await accept();
    await cancelOperation(parts, OWNER, operation.id);
    const program = { ...OWNER, door: 'edge' as const, token: { id: 'tk_1', name: 'ci' } };
    const retry = await retryOperation(parts, program, operation.id);
    expect(retry).toMatchObject({
      retryOf: operation.id,
      origin: { kind: 'retry', name: 'ci' },
      input: QUERY.input,
    });
  });

  test.each([cancelOperation, retryOperation])('nothing finds nothing', async (verb) => {
    const { operation } = await accept();
    const stranger = { ...OWNER, tenant: 'other' };
    await expect(verb(parts, stranger, operation.id)).rejects.toMatchObject({ code: 'not-found' });
  });
});

async function prepare(request: OperationRequest) {
  return prepareOperation(parts, { tenant: 'default', request, origin: ORIGIN, retryOf: null });
}

async function accept() {
  return acceptOperation(parts, OWNER, QUERY, { idempotencyKey: null, origin: ORIGIN });
}

describe('an operation that runs a command', () => {
  const LOAD: OperationRequest = { task: 'command', input: { command: 'load', with: { file: 'a.csv' } } };

  beforeEach(() => {
    const file = { type: 'string', pattern: '^[a-z.]+$' } as const;
    parts.settings = {
      ...parts.settings,
      repos: { crm: { url: 'https://example.com/crm.git' } },
      tools: { loader: { npm: 'loader@1.0.0' } },
      commands: {
        load: {
          run: ['load', '{{ with.file }}'],
          input: { properties: { file: { ...file, pattern: '^[-a-z.]+$' } }, required: ['file'] },
          timeoutSeconds: 90,
          maxAttempts: 3,
          onWorkerLoss: 'retry',
        },
        upsert: { run: ['upsert'], org: true, lane: 'shared' },
        build: { run: ['make'], source: true },
        import: { run: ['loader'], tools: ['loader'] },
      },
    };
  });

  test('goes by what its command declares, and keeps it', async () => {
    expect(await prepare(LOAD)).toMatchObject({
      task: 'command',
      lane: null,
      timeoutSeconds: 90,
      maxAttempts: 3,
      onWorkerLoss: 'retry',
    });
    expect(await prepare({ task: 'command', org: 'uat', input: { command: 'upsert' } })).toMatchObject({
      lane: { organisation: ORGANISATION, mode: 'shared' },
      maxAttempts: 1,
      onWorkerLoss: 'indeterminate',
    });
    expect(await prepare({ ...LOAD, onWorkerLoss: 'indeterminate' })).toMatchObject({
      onWorkerLoss: 'indeterminate',
    });
  });

  test.each([
    ['no such command', { task: 'command', input: { command: 'lod' } }, 'unknown-command'],
    ['an input that is missing', { task: 'command', input: { command: 'load' } }, 'invalid-input'],
    [
      'an input that does not fit',
      { task: 'command', input: { command: 'load', with: { file: 'A' } } },
      'invalid-input',
    ],
    [
      'an input that nobody declared',
      { task: 'command', input: { command: 'load', with: { file: 'a', x: 1 } } },
      'invalid-input',
    ],
    [
      'a value that would be an option',
      { task: 'command', input: { command: 'load', with: { file: '-a' } } },
      'invalid-input',
    ],
    ['an org that it needs', { task: 'command', input: { command: 'upsert' } }, 'org-required'],
    ['an org that it does not work in', { ...LOAD, org: 'uat' }, 'invalid-input'],
    ['source code that is missing', { task: 'command', input: { command: 'build' } }, 'invalid-input'],
    [
      'source code that it does not take',
      { ...LOAD, input: { ...LOAD.input, source: { git: { repo: 'crm', ref: 'main' } } } },
      'invalid-input',
    ],
    ['a tool that is not installed', { task: 'command', input: { command: 'import' } }, 'tool-missing'],
    [
      'less care than it declares',
      { task: 'command', org: 'uat', input: { command: 'upsert' }, onWorkerLoss: 'retry' },
      'invalid-input',
    ],
  ] as const)('%s: nothing is stored', async (_, request, code) => {
    const before = await parts.store.position();
    await expect(
      acceptOperation(parts, OWNER, request as OperationRequest, { idempotencyKey: null, origin: ORIGIN }),
    ).rejects.toMatchObject({ code });
    expect(await parts.store.position()).toEqual(before);
  });

  test('is retried by what is declared by then', async () => {
    const { operation } = await acceptOperation(parts, OWNER, LOAD, { idempotencyKey: null, origin: ORIGIN });
    await cancelOperation(parts, OWNER, operation.id);
    const { load, ...others } = parts.settings.commands;
    parts.settings = {
      ...parts.settings,
      commands: { ...others, load: { ...load, onWorkerLoss: 'indeterminate' } },
    };
    expect(await retryOperation(parts, OWNER, operation.id)).toMatchObject({
      retryOf: operation.id,
      onWorkerLoss: 'indeterminate',
    });
  });
});
