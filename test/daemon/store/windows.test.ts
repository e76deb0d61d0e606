import { describe, expect, test } from 'vitest';
import type { LaneRules } from '../../../src/daemon/store/lane-rules.ts';
import type { Store } from '../../../src/daemon/store/port.ts';
import { at, bodies, ERROR, freshStore, newOperation, operationId, running, shared } from './home.ts';

const OPEN: LaneRules = { concurrency: {}, pools: {}, closed: {} };
const window = { to: 'exclusive', until: at(9_000), note: 'freeze: audit' } as const;
const CLOSED: LaneRules = { concurrency: {}, pools: {}, closed: { uat: window } };
const CLOSED_TO_ALL: LaneRules = { concurrency: {}, pools: {}, closed: { uat: { ...window, to: 'all' } } };
const WAITS = { reason: 'window', until: at(9_000), note: 'freeze: audit' };

async function claimed(store: Store, rules: LaneRules): Promise<number | null> {
  const claim = await store.claim(at(1_000), rules);
  return claim === null ? null : Number(claim.operation.id.slice(3));
}

async function waitingFor(store: Store, number: number): Promise<unknown> {
  return (await store.getOperation('default', operationId(number)))?.waitingFor;
}

describe('in a closed org', () => {
  test('a deployment waits for the window, and says until when and why', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    expect(await claimed(store, CLOSED)).toBeNull();
    expect(await waitingFor(store, 1)).toEqual(WAITS);
    expect(await claimed(store, OPEN)).toBe(1);
  });

  test('shared work passes it, in its order and up to its limit, unless the org is closed to all', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    for (const number of [2, 3, 4]) await store.accept(newOperation(number, { lane: shared }), null);
    expect(await claimed(store, CLOSED_TO_ALL)).toBeNull();
    expect(await waitingFor(store, 2)).toEqual(WAITS);
    const limited = { ...CLOSED, concurrency: { uat: 2 } };
    expect([await claimed(store, limited), await claimed(store, limited)]).toEqual([2, 3]);
    expect(await claimed(store, limited)).toBeNull();
    expect(await waitingFor(store, 4)).toEqual({ reason: 'org', operation: operationId(2), place: 1 });
    expect(await waitingFor(store, 1)).toEqual(WAITS);
  });

  test('what overrides it starts, alone and before what came later', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { overrideWindow: 'hotfix 42' }), null);
    await store.accept(newOperation(3, { lane: shared }), null);
    expect(await claimed(store, CLOSED)).toBe(2);
    expect(await claimed(store, CLOSED)).toBeNull();
    expect(await waitingFor(store, 3)).toMatchObject({ reason: 'org', operation: operationId(2) });
    await store.settle(operationId(2), 1, { to: 'succeeded', result: {} }, at(2_000));
    expect(await claimed(store, CLOSED)).toBe(3);
    expect(await claimed(store, CLOSED)).toBeNull();
  });

  test('an override that waits for another attempt keeps its place before a later one', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { overrideWindow: 'hotfix 42' }), null);
    await store.accept(newOperation(3, { overrideWindow: 'hotfix 43' }), null);
    expect(await claimed(store, CLOSED)).toBe(2);
    const again = { to: 'scheduled', at: at(3_000), reason: 'the org hung up', error: ERROR } as const;
    await store.settle(operationId(2), 1, again, at(2_000));
    expect(await claimed(store, CLOSED)).toBeNull();
    await store.promoteDue(at(3_000));
    expect(await claimed(store, CLOSED)).toBe(2);
  });

  test('an override waits for shared work that runs, and later shared work waits for it', async () => {
    const { store } = await freshStore();
    await store.accept(newOperation(1, { lane: shared }), null);
    expect(await claimed(store, CLOSED)).toBe(1);
    await store.accept(newOperation(2), null);
    await store.accept(newOperation(3, { overrideWindow: 'hotfix' }), null);
    await store.accept(newOperation(4, { lane: shared }), null);
    expect(await claimed(store, CLOSED)).toBeNull();
    await store.settle(operationId(1), 1, { to: 'succeeded', result: {} }, at(2_000));
    expect(await claimed(store, CLOSED)).toBe(3);
  });

  test('what was sent already is followed; what would be sent waits', async () => {
    const sent = await running();
    await sent.recordCheckpoint(operationId(1), 1, { deploymentId: '0Af' }, at(3));
    const again = { to: 'queued', reason: 'the server was restarted', error: null } as const;
    await sent.settle(operationId(1), 1, again, at(4));
    expect(await claimed(sent, CLOSED_TO_ALL)).toBe(1);
    const unsent = await running();
    await unsent.settle(operationId(1), 1, { to: 'scheduled', at: at(5), reason: 'r', error: ERROR }, at(4));
    await unsent.promoteDue(at(6));
    expect(await claimed(unsent, CLOSED)).toBeNull();
    expect(await waitingFor(unsent, 1)).toEqual(WAITS);
  });

  test('work of other orgs, and work without one, goes on', async () => {
    const { store } = await freshStore();
    const other = { organisation: '00D000000000002EAA', mode: 'exclusive' } as const;
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { org: 'prod', lane: other }), null);
    await store.accept(newOperation(3, { org: null, lane: null }), null);
    expect([await claimed(store, CLOSED), await claimed(store, CLOSED)]).toEqual([2, 3]);
    expect(await claimed(store, CLOSED)).toBeNull();
  });

  test('a pause holds what a window lets pass', async () => {
    const { store } = await freshStore();
    await store.putOrg(
      'default',
      'uat',
      { kind: 'jwt', username: 'a', instanceUrl: 'https://o.example', organisationId: shared.organisation },
      at(0),
    );
    await store.accept(newOperation(1), null);
    await store.accept(newOperation(2, { lane: shared }), null);
    await store.pauseLane('default', 'uat', { by: 'ann', reason: null, at: at(1) });
    expect(await claimed(store, CLOSED)).toBeNull();
    await store.resumeLane('default', 'uat');
    await store.pauseServer({ by: 'ann', reason: null, at: at(1) });
    expect(await claimed(store, CLOSED)).toBeNull();
    await store.resumeServer();
    expect(await claimed(store, CLOSED)).toBe(2);
  });
});

test('an override is kept with its reason, and told as an event with who asked', async () => {
  const { store } = await freshStore();
  const origin = { kind: 'api', name: 'ci' } as const;
  await store.accept(newOperation(1, { overrideWindow: 'hotfix 42', origin }), null);
  expect((await store.getOperation('default', operationId(1)))?.overrideWindow).toBe('hotfix 42');
  expect(await bodies(store)).toEqual([
    { type: 'created', task: 'salesforce.deploy', state: 'queued' },
    { type: 'window-overridden', reason: 'hotfix 42', by: 'ci' },
  ]);
});
