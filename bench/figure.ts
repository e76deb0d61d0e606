/** One figure: what was measured, against what in the same run, and how. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: { readonly name: string; readonly value: number };
  /** Value through baseline; a machine's speed falls out of it. */
  readonly ratio: number;
  readonly method: string;
}

export function figure(wish: Omit<Figure, 'ratio'>): Figure {
  return { ...wish, ratio: round(wish.value / wish.baseline.value) };
}

export function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** `share` from 0 to 1: 0.5 is the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
