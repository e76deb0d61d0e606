/** What is kept of the history of one worker; an attempt has two at most. What is cut or left out says so, and how much. */
export const KEPT_OF_WORKER = {
  logLines: 20_000,
  steps: 2_000,
  /** Above it one progress in ten seconds. */
  progress: 20_000,
} as const;

/** What a worker prints, per stream. */
export const KEPT_OF_PRINTED = { lines: 2_000, characters: 2_000 } as const;

/** Failures in the result of a deployment, of each kind. */
export const KEPT_OF_FAILURES = { count: 1_000, bytes: 350_000, characters: 2_000 } as const;

/** A checkpoint names what was sent; it is not a place for data. */
export const CHECKPOINT_LIMIT_BYTES = 64 * 1024;

/** Below it a marker would leave too little of the text itself. */
const SHORT_CHARACTERS = 64;

/** At most so many characters, of which the last ones say how many more there were. `more`: what was dropped before. */
export function cutText(text: string, characters: number, more = 0): string {
  const length = text.length + more;
  if (length <= characters) return text;
  if (characters < SHORT_CHARACTERS) return `${text.slice(0, characters - 1)}…`;
  const marker = (left: number): string => `… (${left} more characters)`;
  const kept = characters - marker(length).length;
  return `${text.slice(0, kept)}${marker(length - kept)}`;
}
