export type CheckState = 'ok' | 'warning' | 'missing';

/** One thing that the server needs of its machine. */
export interface Check {
  readonly name: string;
  readonly state: CheckState;
  /** What was found. */
  readonly detail: string;
  /** What to do about it; empty: nothing. */
  readonly mend: string;
}

export function ok(name: string, detail: string): Check {
  return { name, state: 'ok', detail, mend: '' };
}

/** It works, and something is worse for it. */
export function warning(name: string, detail: string, mend: string): Check {
  return { name, state: 'warning', detail, mend };
}

/** Something that the server is meant to do cannot be done. */
export function missing(name: string, detail: string, mend: string): Check {
  return { name, state: 'missing', detail, mend };
}
