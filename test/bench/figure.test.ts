import { expect, test } from 'vitest';
import { figure, percentile } from '../../bench/figure.ts';

test('a figure is told as a ratio to its baseline', () => {
  const baseline = { name: 'nothing', value: 400 };
  expect(figure({ name: 'work', value: 100, unit: '1/s', baseline, method: 'counted' }).ratio).toBe(0.25);
});

test('a percentile is one of the values', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.5, 0.99].map((share) => percentile(values, share))).toEqual([1, 3, 5]);
});
