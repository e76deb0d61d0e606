import { expect, test } from 'vitest';
import { createSessionArbitration } from '../../../src/daemon/dispatch/session-arbitration.ts';

const LOGIN = 'org/default/uat';

test('the lock of a login goes to one worker after the other, in the order of their asking', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  const granted: string[] = [];
  const ask = (worker: string) => arbitration.lock(worker, LOGIN).then(() => granted.push(worker));
  const asked = ['a', 'b', 'c'].map(ask);
  await asked[0];
  expect(granted).toEqual(['a']);
  arbitration.begin('a', LOGIN);
  await asked[1];
  arbitration.release('b');
  await asked[2];
  expect(granted).toEqual(['a', 'b', 'c']);
  expect(arbitration.holdsLock('a')).toBe(false);
  expect(arbitration.holdsLock('c')).toBe(true);
});

test('two logins do not wait for each other', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  expect(await arbitration.lock('a', LOGIN)).toBe(true);
  expect(await arbitration.lock('b', 'org/default/other')).toBe(true);
});

test('a worker that ends while it waits is told so and keeps nobody waiting', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  await arbitration.lock('a', LOGIN);
  const waiting = arbitration.lock('b', LOGIN);
  const next = arbitration.lock('c', LOGIN);
  arbitration.release('b');
  arbitration.release('a');
  expect(await waiting).toBe(false);
  expect(await next).toBe(true);
});

test('only the last session of a login is revoked', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  for (const worker of ['a', 'b', 'c']) arbitration.begin(worker, LOGIN);
  expect(arbitration.end('a', LOGIN)).toEqual({ revoke: false });
  arbitration.release('b'); // it died with its session
  expect(arbitration.end('c', LOGIN)).toEqual({ revoke: true });
  expect(arbitration.end('c', LOGIN)).toEqual({ revoke: false });
});

test('what a worker had asked, and is read after its end, holds nobody up', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  await arbitration.lock('a', LOGIN);
  arbitration.release('b'); // its question was on its way
  expect(await arbitration.lock('b', LOGIN)).toBe(false);
  const next = arbitration.lock('c', LOGIN);
  arbitration.begin('b', LOGIN);
  arbitration.begin('a', LOGIN);
  expect(await next).toBe(true);
  expect(arbitration.end('a', LOGIN)).toEqual({ revoke: true });
});

function arbitrationOf(...workers: readonly string[]) {
  const arbitration = createSessionArbitration();
  for (const worker of workers) arbitration.join(worker);
  return arbitration;
}
