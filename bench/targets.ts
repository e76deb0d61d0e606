import type { Figure } from './figure.ts';

/** What a figure should reach: its ratio to the baseline, or its own value. */
interface Target {
  readonly of: 'ratio' | 'value';
  readonly atLeast?: number;
  readonly atMost?: number;
}

const FLAT: Target = { of: 'ratio', atMost: 1.2 };

/** By the beginning of the figure's name; the first that fits. */
const TARGETS: readonly (readonly [string, Target])[] = [
  ['durable enqueue', { of: 'ratio', atLeast: 0.5 }],
  ['event loop lag', { of: 'value', atMost: 12 }],
  ['add -> task code running, p50', { of: 'value', atMost: 3.5 }],
  ['add -> task code running, p99', { of: 'value', atMost: 15 }],
  ['isolated no-op tasks, jsforce ready', { of: 'ratio', atLeast: 0.5 }],
  ['isolated no-op tasks', { of: 'ratio', atLeast: 0.9 }],
  ['1,000,000 stored: ', FLAT],
  ['10,000 waiting: claim', FLAT],
  ['the sandbox adds to a program, p50', { of: 'value', atMost: 30 }],
  ['crash -> running again', { of: 'value', atMost: 2_000 }],
  ['memory of the daemon, idle', { of: 'value', atMost: 110 }],
  ['memory for 10,000 waiting', { of: 'value', atMost: 30 }],
];

export function targetOf({ name }: Figure): Target | null {
  return TARGETS.find(([beginning]) => name.startsWith(beginning))?.[1] ?? null;
}

/** Null: nothing was asked of it. */
export function isReached(figure: Figure): boolean | null {
  const target = targetOf(figure);
  if (target === null) return null;
  const measured = figure[target.of];
  return measured >= (target.atLeast ?? -Infinity) && measured <= (target.atMost ?? Infinity);
}

export function describeTarget(figure: Figure): string {
  const target = targetOf(figure);
  if (target === null) return '';
  const limit = target.atLeast === undefined ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return target.of === 'ratio' ? `ratio ${limit}` : `${limit} ${figure.unit}`;
}
