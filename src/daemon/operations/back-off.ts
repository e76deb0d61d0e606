const FIRST_MS = 2_000;
const LONGEST_MS = 300_000;

/** When the attempt after `attempt` may start: doubling from 2 s, at most 5 min, plus up to a quarter so that many do not come at once. */
export function backOff(attempt: number, chance: { readonly now: Date; readonly random: number }): string {
  const delayMs = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS);
  return new Date(chance.now.getTime() + delayMs * (1 + chance.random / 4)).toISOString();
}
