import { expect, test } from 'vitest';
import { AppError } from '../../../src/contract/errors.ts';
import { createPersist } from '../../../src/daemon/dispatch/persist.ts';
import { QUIET } from './setting.ts';

const full = () => new AppError('store-unavailable', 'The disk is full.');

/** Fails with these errors in turn, then answers how often it was asked. */
function failing(...errors: Error[]): () => Promise<number> {
  let asked = 0;
  return async () => {
    const error = errors[asked];
    asked += 1;
    if (error !== undefined) throw error;
    return asked;
  };
}

test('what a store cannot keep now is tried again until it holds', async () => {
  const persist = createPersist(QUIET, new AbortController().signal);
  expect(await persist('It', failing(full(), full()))).toBe(3);
});

test('what a store refuses by a bug of ours is not tried again', async () => {
  const persist = createPersist(QUIET, new AbortController().signal);
  await expect(persist('It', failing(new Error('CHECK constraint failed')))).rejects.toThrow('CHECK');
});

test('a stop makes the next error the last', async () => {
  const stopping = new AbortController();
  const persist = createPersist(QUIET, stopping.signal);
  const kept = persist('It', async () => Promise.reject(full()));
  stopping.abort();
  await expect(kept).rejects.toMatchObject({ code: 'store-unavailable' });
});
