import { expect, test } from 'vitest';
import { figure } from '../../bench/figure.ts';
import { describeTarget, isReached } from '../../bench/targets.ts';

const measured = (name: string, value: number, against: number) =>
  figure({ name, value, unit: 'ms', baseline: { name: 'other', value: against }, method: 'counted' });

test('a figure that has to be high is reached from its target on', () => {
  expect(isReached(measured('durable enqueue', 50, 100))).toBe(true);
  expect(isReached(measured('durable enqueue', 49, 100))).toBe(false);
  expect(describeTarget(measured('durable enqueue', 49, 100))).toBe('ratio >= 0.5');
});

test('a figure that has to be low is reached up to its target, whatever its ratio', () => {
  expect(isReached(measured('event loop lag under load', 12, 1))).toBe(true);
  expect(isReached(measured('event loop lag under load', 12.1, 1))).toBe(false);
  expect(describeTarget(measured('event loop lag under load', 12, 1))).toBe('<= 12 ms');
});

test('of two targets with the same beginning the longer name has its own', () => {
  expect(isReached(measured('isolated no-op tasks, jsforce ready', 50, 100))).toBe(true);
  expect(isReached(measured('isolated no-op tasks', 50, 100))).toBe(false);
});

test('a figure without a target is neither reached nor missed', () => {
  expect(isReached(measured('something else', 1, 1))).toBeNull();
});
