import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/contract/operation.ts';
import { LOSS_POLICIES } from '../../../src/contract/tasks.ts';
import {
  type Loss,
  type LossCause,
  lossPolicy,
  settleLoss,
} from '../../../src/daemon/operations/settle-loss.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const SENT = { deploymentId: '0Af000000000001' };

function lossOf(given: Partial<Omit<Loss, 'operation'>> & { operation?: Partial<Operation> } = {}): Loss {
  const operation = {
    id: 'op_01HZZZZZZZZZZZZZZZZZZZZZZZ',
    attempt: 1,
    maxAttempts: 3,
    timeoutSeconds: 60,
    cancelRequestedAt: null,
    ...given.operation,
  } as Operation;
  const facts = { cause: 'worker-lost', policy: 'retry', checkpoint: null, random: 0 } as const;
  return { ...facts, detail: 'it was ended by SIGKILL', now: NOW, ...given, operation };
}

const cancelled = { cancelRequestedAt: NOW.toISOString() };

describe('a lost worker of a task that may run again', () => {
  test('leads to another attempt after a back-off that grows', () => {
    const at = [1, 2, 3].map((attempt) => {
      const settlement = settleLoss(lossOf({ operation: { attempt, maxAttempts: 9 } }));
      return settlement.to === 'scheduled' ? Date.parse(settlement.at) - NOW.getTime() : null;
    });
    expect(at).toEqual([2_000, 4_000, 8_000]);
  });

  test('waits five minutes and a quarter at most', () => {
    const settlement = settleLoss(lossOf({ random: 1, operation: { attempt: 40, maxAttempts: 99 } }));
    expect(settlement).toMatchObject({
      to: 'scheduled',
      at: new Date(NOW.getTime() + 375_000).toISOString(),
    });
  });

  test('fails when no attempt is left', () => {
    expect(settleLoss(lossOf({ operation: { attempt: 3 } }))).toMatchObject({
      to: 'failed',
      error: { code: 'worker-lost', message: expect.stringContaining('it was ended by SIGKILL') },
    });
  });

  test('is queued at once after a restart of the server', () => {
    expect(settleLoss(lossOf({ cause: 'daemon-lost' })).to).toBe('queued');
  });

  test('is queued after a stop of the server even when no attempt is left', () => {
    expect(settleLoss(lossOf({ cause: 'shutdown', operation: { attempt: 3 } })).to).toBe('queued');
  });

  test.each<LossCause>(['worker-lost', 'daemon-lost', 'cancel-killed', 'shutdown'])(
    'is cancelled when that was asked for (%s)',
    (cause) => {
      expect(settleLoss(lossOf({ cause, operation: cancelled }))).toEqual({ to: 'cancelled', result: null });
    },
  );

  test('is timed out when its time was over', () => {
    expect(settleLoss(lossOf({ cause: 'timeout' }))).toMatchObject({
      to: 'timed_out',
      error: { code: 'timed-out' },
    });
  });
});

describe('a lost worker of a task that resumes', () => {
  const sent = { policy: 'resume', checkpoint: SENT } as const;

  test.each([null, {}])('runs again when nothing was sent (checkpoint %j)', (checkpoint) => {
    expect(settleLoss(lossOf({ policy: 'resume', checkpoint })).to).toBe('scheduled');
    expect(settleLoss(lossOf({ policy: 'resume', checkpoint, operation: { attempt: 3 } })).to).toBe('failed');
  });

  test('goes on with what was sent, also beyond the maximum of attempts', () => {
    expect(settleLoss(lossOf({ ...sent, operation: { attempt: 3 } })).to).toBe('scheduled');
    expect(settleLoss(lossOf({ ...sent, cause: 'daemon-lost', operation: { attempt: 3 } })).to).toBe(
      'queued',
    );
  });

  test('is left to a person when following fails again and again', () => {
    expect(settleLoss(lossOf({ ...sent, operation: { attempt: 8 } }))).toMatchObject({
      to: 'indeterminate',
      error: { code: 'deploy-unknown' },
    });
  });

  test('that was to be cancelled goes on, so that the next attempt cancels it in the org', () => {
    const loss = lossOf({ ...sent, cause: 'cancel-killed', operation: cancelled });
    expect(settleLoss(loss).to).toBe('scheduled');
  });

  test('that was killed at its time-out is left to a person', () => {
    expect(settleLoss(lossOf({ ...sent, cause: 'timeout' })).to).toBe('indeterminate');
  });

  test('goes on after a stop of the server', () => {
    expect(settleLoss(lossOf({ ...sent, cause: 'shutdown', operation: { attempt: 3 } })).to).toBe('queued');
  });
});

test.each<LossCause>(['worker-lost', 'daemon-lost', 'timeout', 'cancel-killed', 'shutdown'])(
  'a lost worker of a task that must not run twice is left to a person (%s)',
  (cause) => {
    const settlement = settleLoss(lossOf({ cause, policy: 'indeterminate', operation: cancelled }));
    expect(settlement).toMatchObject({ to: 'indeterminate', error: { code: 'worker-lost' } });
  },
);

test('of a command that counts which was declared when it was accepted, and without one the careful policy', () => {
  const command = { declared: true, onWorkerLoss: 'indeterminate' } as const;
  expect(lossPolicy(command, { onWorkerLoss: 'retry' })).toBe('retry');
  expect(lossPolicy(command, { onWorkerLoss: 'indeterminate' })).toBe('indeterminate');
  expect(lossPolicy(command, { onWorkerLoss: null })).toBe('indeterminate');
});

test('of the policies of task and request the more careful one counts, whatever a newer version made of the task', () => {
  for (const [place, own] of LOSS_POLICIES.entries()) {
    expect(lossPolicy({ onWorkerLoss: own }, { onWorkerLoss: null })).toBe(own);
    for (const [asked, policy] of LOSS_POLICIES.entries()) {
      const counts = LOSS_POLICIES[Math.max(place, asked)];
      expect(lossPolicy({ onWorkerLoss: own }, { onWorkerLoss: policy })).toBe(counts);
    }
  }
});
