import { expect, test } from 'vitest';
import { at, bodies, ERROR, freshStore, ID, newOperation, running } from './home.ts';

const RESOLUTION = { as: 'succeeded', note: 'it is in the org', by: 'ann', at: at(9) } as const;
const INDETERMINATE = { to: 'indeterminate', error: ERROR, result: null } as const;

test('an indeterminate operation is resolved once; its state stays, and its history says it', async () => {
  const store = await running();
  await store.settle(ID, 1, INDETERMINATE, at(5));
  expect((await store.getOperation('default', ID))?.resolution).toBeNull();
  const resolved = await store.resolve('default', ID, RESOLUTION);
  expect(resolved).toMatchObject({ state: 'indeterminate', resolution: RESOLUTION, error: ERROR });
  expect(await store.resolve('default', ID, { ...RESOLUTION, as: 'failed' })).toBeNull();
  expect(await store.getOperation('default', ID)).toEqual(resolved);
  expect((await bodies(store)).slice(3)).toEqual([{ type: 'resolved', resolution: RESOLUTION }]);
});

test('nothing else is resolved: what waits, what runs, what ended otherwise, what belongs to others', async () => {
  const { store } = await freshStore();
  await store.accept(newOperation(1), null);
  expect(await store.resolve('default', ID, RESOLUTION)).toBeNull();
  await store.claim(at(2));
  expect(await store.resolve('default', ID, RESOLUTION)).toBeNull();
  await store.settle(ID, 1, { to: 'failed', error: ERROR, result: null }, at(5));
  expect(await store.resolve('default', ID, RESOLUTION)).toBeNull();
  const other = await running();
  await other.settle(ID, 1, INDETERMINATE, at(5));
  expect(await other.resolve('other', ID, RESOLUTION)).toBeNull();
});
