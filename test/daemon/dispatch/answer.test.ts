import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/contract/values.ts';
import { answer } from '../../../src/daemon/dispatch/answer.ts';
import { createSessionArbitration } from '../../../src/daemon/dispatch/session-arbitration.ts';

const ACCOUNT = 'org/default/uat';

function asked(
  recordCheckpoint: (checkpoint: JsonObject) => Promise<boolean>,
  { revokes = true, used = () => undefined }: { revokes?: boolean; used?: () => void } = {},
) {
  const arbitration = createSessionArbitration();
  arbitration.join('w');
  return (ask: Parameters<typeof answer>[1]) =>
    answer(
      {
        worker: 'w',
        arbitration,
        account: ACCOUNT,
        revokesSessions: () => revokes,
        loginUsed: used,
        recordCheckpoint,
      },
      ask,
    );
}

test('a checkpoint that is too large is refused with its size, and not recorded', async () => {
  const recorded: JsonObject[] = [];
  const ask = asked(async (checkpoint) => recorded.push(checkpoint) > 0);
  const checkpoint = { text: 'x'.repeat(64 * 1024) };
  expect(await ask({ kind: 'checkpoint', checkpoint })).toEqual({
    ok: false,
    detail: `The checkpoint has ${JSON.stringify(checkpoint).length} bytes, and 65536 are allowed.`,
  });
  expect(recorded).toEqual([]);
  expect(await ask({ kind: 'checkpoint', checkpoint: { id: '0Af' } })).toEqual({ ok: true, revoke: false });
  expect(recorded).toEqual([{ id: '0Af' }]);
});

test('a checkpoint of an attempt that is over, or that cannot be stored, is refused', async () => {
  const checkpoint = { id: '0Af' };
  expect(await asked(async () => false)({ kind: 'checkpoint', checkpoint })).toMatchObject({ ok: false });
  const failing = asked(() => Promise.reject(new Error('the disk is gone')));
  expect(await failing({ kind: 'checkpoint', checkpoint })).toMatchObject({ ok: false });
});

test('a login that the assignment does not name is locked for nobody', async () => {
  const ask = asked(async () => true);
  expect(await ask({ kind: 'session-lock', account: 'org/default/prod' })).toMatchObject({ ok: false });
  expect(await ask({ kind: 'session-lock', account: ACCOUNT })).toEqual({ ok: true, revoke: false });
});

test('the end of the last session says whether to revoke, as the org wants it, and its beginning that the login works', async () => {
  for (const revokes of [true, false]) {
    const uses: string[] = [];
    const ask = asked(async () => true, { revokes, used: () => void uses.push('used') });
    await ask({ kind: 'session-lock', account: ACCOUNT });
    expect(uses).toEqual([]);
    await ask({ kind: 'session-begin', account: ACCOUNT, user: '00D1/0051' });
    expect(uses).toEqual(['used']);
    expect(await ask({ kind: 'session-end', account: ACCOUNT })).toEqual({ ok: true, revoke: revokes });
  }
});
