import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/contract/errors.ts';
import { createHookSecrets } from '../../../src/daemon/hooks/secrets.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function vaultOf(stored: Map<string, string>) {
  let reads = 0;
  const open = async () => ({
    get: async (account: string) => {
      reads += 1;
      return stored.get(account) ?? null;
    },
  });
  const secrets = createHookSecrets(open);
  return { secrets, reads: () => reads };
}

function only(expected: string) {
  return (secret: string) => {
    if (secret !== expected) throw new AppError('bad-signature', 'wrong');
    return secret;
  };
}

it('a secret is read once for a while', async () => {
  const { secrets, reads } = vaultOf(new Map([['secret/default/a', 'one']]));
  const uses = Array.from({ length: 5 }, () => secrets.withSecret('secret/default/a', only('one')));
  expect(await Promise.all(uses)).toEqual(['one', 'one', 'one', 'one', 'one']);
  expect(reads()).toBe(1);
});

it('one that was replaced is found at the first signature that it made', async () => {
  const stored = new Map([['secret/default/a', 'old']]);
  const { secrets } = vaultOf(stored);
  await secrets.withSecret('secret/default/a', only('old'));
  stored.set('secret/default/a', 'new');
  vi.advanceTimersByTime(1_000);
  expect(await secrets.withSecret('secret/default/a', only('new'))).toBe('new');
});

it('one that was replaced is found also after the clock was set back', async () => {
  const stored = new Map([['secret/default/a', 'old']]);
  const { secrets } = vaultOf(stored);
  await secrets.withSecret('secret/default/a', only('old'));
  stored.set('secret/default/a', 'new');
  vi.advanceTimersByTime(1_000);
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(await secrets.withSecret('secret/default/a', only('new'))).toBe('new');
});

it('wrong signatures do not make it be read for each of them', async () => {
  const { secrets, reads } = vaultOf(new Map([['secret/default/a', 'one']]));
  const refused = Array.from({ length: 50 }, () => secrets.withSecret('secret/default/a', only('guessed')));
  for (const { status } of await Promise.allSettled(refused)) expect(status).toBe('rejected');
  expect(reads()).toBe(1);
});

it('a missing or empty secret is named, and looked for again', async () => {
  const stored = new Map([['secret/default/empty', '']]);
  const { secrets } = vaultOf(stored);
  for (const name of ['a', 'empty']) {
    await expect(secrets.withSecret(`secret/default/${name}`, only('one'))).rejects.toMatchObject({
      code: 'hook-secret-missing',
      message: `The vault has no secret "${name}" for this hook.`,
    });
  }
  stored.set('secret/default/a', 'one');
  expect(await secrets.withSecret('secret/default/a', only('one'))).toBe('one');
});
