import { describe, expect, test } from 'vitest';
import type { Operation } from '../../../src/contract/operation.ts';
import { type Ended, settleOutcome, settleViolation } from '../../../src/daemon/operations/settle-outcome.ts';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const SENT = { deploymentId: '0Af000000000001' };

function endedOf(given: Partial<Omit<Ended, 'operation'>> & { operation?: Partial<Operation> } = {}): Ended {
  const operation = { attempt: 1, maxAttempts: 3, cancelRequestedAt: null, ...given.operation } as Operation;
  const definition = { onWorkerLoss: 'resume', retryable: ['org-unreachable'] } as const;
  const facts = { checkpoint: null, interruption: null, now: NOW, random: 0, definition };
  return { ...facts, ...given, operation };
}

function failure(code: string, retryable = true) {
  return {
    state: 'failed',
    result: null,
    error: { code, message: 'It broke.', hint: 'Look.', retryable },
  } as const;
}

describe('a failed outcome', () => {
  test('that may pass leads to another attempt', () => {
    expect(settleOutcome(endedOf(), failure('org-unreachable'))).toMatchObject({
      to: 'scheduled',
      at: '2026-01-01T00:00:02.000Z',
      reason: 'org-unreachable: It broke.',
    });
  });

  test.each([
    ['the worker says that it stays', endedOf(), failure('org-unreachable', false)],
    ['the task does not name its code', endedOf(), failure('deploy-failed')],
    ['no attempt is left', endedOf({ operation: { attempt: 3 } }), failure('org-unreachable')],
    [
      'somebody wants the end',
      endedOf({ operation: { cancelRequestedAt: 'now' } }),
      failure('org-unreachable'),
    ],
  ])('is final when %s', (_when, ended, outcome) => {
    expect(settleOutcome(ended, outcome).to).toBe('failed');
  });

  test('is followed by attempts beyond the maximum while something was sent', () => {
    const ended = endedOf({ checkpoint: SENT, operation: { attempt: 3 } });
    expect(settleOutcome(ended, failure('org-unreachable')).to).toBe('scheduled');
  });

  test('leaves open what became of what was sent when no attempt is left to follow it', () => {
    const ended = endedOf({ checkpoint: SENT, operation: { attempt: 8 } });
    expect(settleOutcome(ended, failure('org-unreachable'))).toMatchObject({
      to: 'indeterminate',
      error: { code: 'deploy-unknown' },
    });
  });

  test('waits for a new login where the org refuses this one, whatever was sent before and however many attempts there were', () => {
    const refused = failure('login-refused', false);
    expect(settleOutcome(endedOf({ operation: { attempt: 3 } }), refused)).toMatchObject({
      to: 'queued',
      reason: 'login-refused: It broke.',
      error: { code: 'login-refused' },
    });
    expect(settleOutcome(endedOf({ checkpoint: SENT }), refused).to).toBe('queued');
  });

  test('about the login is the answer of work that is there to try it', () => {
    const definition = { onWorkerLoss: 'retry', retryable: [], triesLogin: true } as const;
    expect(settleOutcome(endedOf({ definition }), failure('login-refused', false)).to).toBe('failed');
  });

  test('with the result of what was sent is final', () => {
    const result = { status: 'Failed' };
    const outcome = { ...failure('deploy-failed', false), result };
    expect(settleOutcome(endedOf({ checkpoint: SENT }), outcome)).toMatchObject({ to: 'failed', result });
  });

  test('is followed by another attempt when a deployment is still to be cancelled', () => {
    const ended = endedOf({ checkpoint: SENT, operation: { cancelRequestedAt: 'now' } });
    expect(settleOutcome(ended, failure('org-unreachable')).to).toBe('scheduled');
  });
});

test.each([
  ['request', 'cancelled'],
  ['timeout', 'timed_out'],
  ['shutdown', 'queued'],
  [null, 'scheduled'],
] as const)('a worker that stopped because of %s leaves its operation %s', (interruption, to) => {
  expect(settleOutcome(endedOf({ interruption }), { state: 'cancelled', result: null }).to).toBe(to);
});

test('a deployment that somebody cancelled in the org is cancelled', () => {
  const result = { status: 'Canceled' };
  const ended = endedOf({ checkpoint: SENT });
  expect(settleOutcome(ended, { state: 'cancelled', result })).toEqual({ to: 'cancelled', result });
});

test('work that was done counts as done, whoever wanted its end', () => {
  const ended = endedOf({ interruption: 'request' });
  expect(settleOutcome(ended, { state: 'succeeded', result: { a: 1 } })).toEqual({
    to: 'succeeded',
    result: { a: 1 },
  });
});

test('a broken protocol fails an operation, or leaves open what became of what was sent', () => {
  const { error } = failure('worker-protocol', false);
  expect(settleViolation(endedOf(), error).to).toBe('failed');
  expect(settleViolation(endedOf({ checkpoint: SENT }), error).to).toBe('indeterminate');
});
