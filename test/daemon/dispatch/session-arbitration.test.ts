import { expect, test } from 'vitest';
import { createSessionArbitration } from '../../../src/daemon/dispatch/session-arbitration.ts';

const LOGIN = 'org/default/uat';
const ANN = '00D000000000001/005000000000001';
const BOB = '00D000000000001/005000000000002';

test('the lock of a login goes to one worker after the other, in the order of their asking', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  const granted: string[] = [];
  const ask = (worker: string) => arbitration.lock(worker, LOGIN).then(() => granted.push(worker));
  const asked = ['a', 'b', 'c'].map(ask);
  await asked[0];
  expect(granted).toEqual(['a']);
  arbitration.begin('a', LOGIN, ANN);
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
  for (const worker of ['a', 'b', 'c']) arbitration.begin(worker, LOGIN, ANN);
  expect(arbitration.end('a', LOGIN, true)).toEqual({ revoke: false });
  arbitration.release('b'); // it died with its session
  expect(arbitration.end('c', LOGIN, true)).toEqual({ revoke: true });
  expect(arbitration.end('c', LOGIN, true)).toEqual({ revoke: false });
});

test('what a worker had asked, and is read after its end, holds nobody up', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  await arbitration.lock('a', LOGIN);
  arbitration.release('b'); // its question was on its way
  expect(await arbitration.lock('b', LOGIN)).toBe(false);
  const next = arbitration.lock('c', LOGIN);
  arbitration.begin('b', LOGIN, ANN);
  arbitration.begin('a', LOGIN, ANN);
  expect(await next).toBe(true);
  arbitration.release('c');
  expect(arbitration.end('a', LOGIN, true)).toEqual({ revoke: true });
});

test('nothing is revoked while somebody logs in as the same user: the org may give them that very session', async () => {
  const arbitration = arbitrationOf('a', 'b');
  arbitration.begin('a', LOGIN, ANN);
  await arbitration.lock('b', LOGIN);
  expect(arbitration.end('a', LOGIN, true)).toEqual({ revoke: false });
  arbitration.begin('b', LOGIN, ANN);
  expect(arbitration.end('b', LOGIN, true)).toEqual({ revoke: true });
});

test('nobody logs in as a user whose session is being revoked, until that is done or its worker has ended', async () => {
  for (const done of ['revoked', 'release'] as const) {
    const arbitration = arbitrationOf('a', 'b', 'c');
    arbitration.begin('c', 'org/default/bob', BOB);
    arbitration.begin('a', LOGIN, ANN);
    expect(arbitration.end('a', LOGIN, true)).toEqual({ revoke: true });
    let granted = false;
    const next = arbitration.lock('b', LOGIN).then(() => {
      granted = true;
    });
    expect(await arbitration.lock('c', 'org/default/bob')).toBe(true);
    expect(granted).toBe(false);
    arbitration[done]('a');
    await next;
  }
});

test('two logins of one user count as one, and a login that was never used may be anybody', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c');
  arbitration.begin('a', LOGIN, ANN);
  arbitration.begin('b', 'org/default/uat-too', ANN);
  expect(arbitration.end('a', LOGIN, true)).toEqual({ revoke: false });
  await arbitration.lock('c', 'org/default/new');
  expect(arbitration.end('b', 'org/default/uat-too', true)).toEqual({ revoke: false });
});

test('a login that is another one by now may be anybody, and sessions from before keep their user', async () => {
  const arbitration = arbitrationOf('a', 'b', 'c', 'd');
  const other = 'org/default/uat-too';
  arbitration.begin('a', LOGIN, ANN);
  arbitration.begin('b', other, BOB);
  arbitration.forget(LOGIN); // somebody logged in there as Bob
  await arbitration.lock('c', LOGIN);
  expect(arbitration.end('b', other, true)).toEqual({ revoke: false });
  arbitration.begin('c', LOGIN, BOB);
  arbitration.begin('d', 'org/default/ann', ANN);
  expect(arbitration.end('d', 'org/default/ann', true)).toEqual({ revoke: false });
  expect(arbitration.end('a', LOGIN, true)).toEqual({ revoke: true });
});

test('an org whose sessions are not revoked keeps them', () => {
  const arbitration = arbitrationOf('a');
  arbitration.begin('a', LOGIN, ANN);
  expect(arbitration.end('a', LOGIN, false)).toEqual({ revoke: false });
});

function arbitrationOf(...workers: readonly string[]) {
  const arbitration = createSessionArbitration();
  for (const worker of workers) arbitration.join(worker);
  return arbitration;
}
