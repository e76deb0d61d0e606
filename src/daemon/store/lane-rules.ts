/** Until when an org is closed to exclusive or to all work that does not run yet, and why. */
export interface Closed {
  readonly to: 'exclusive' | 'all';
  readonly until: string;
  readonly note: string;
}

/** What the configuration says of lanes at the moment of a claim, by alias: how much shared work at once, who is closed, and pools. */
export interface LaneRules {
  readonly concurrency: Readonly<Record<string, number>>;
  readonly closed: Readonly<Record<string, Closed>>;
  /** The orgs of each pool, by alias. */
  readonly pools: Readonly<Record<string, readonly string[]>>;
}
export const NO_LANE_RULES: LaneRules = { concurrency: {}, closed: {}, pools: {} };
export const DEFAULT_LANE_CONCURRENCY = 4;

/** How many shared operations may run at once in the lane of an org. */
export function laneLimit({ concurrency }: LaneRules, org: string | null): number {
  const own = org !== null && Object.hasOwn(concurrency, org) ? concurrency[org] : undefined;
  return own ?? DEFAULT_LANE_CONCURRENCY;
}
