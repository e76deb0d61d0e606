import { type OperationState, STATES } from '../contract/operation.ts';

export type Tone = 'green' | 'red' | 'yellow' | 'cyan' | 'blue' | 'magenta' | 'gray';

export interface Look {
  readonly symbol: string;
  readonly tone: Tone;
  readonly words: string;
}

const LOOKS: Readonly<Record<OperationState, Omit<Look, 'words'>>> = {
  scheduled: { symbol: '◌', tone: 'blue' },
  queued: { symbol: '○', tone: 'yellow' },
  running: { symbol: '●', tone: 'cyan' },
  succeeded: { symbol: '✔', tone: 'green' },
  failed: { symbol: '✖', tone: 'red' },
  cancelled: { symbol: '⊘', tone: 'gray' },
  timed_out: { symbol: '✖', tone: 'red' },
  indeterminate: { symbol: '?', tone: 'magenta' },
};

/** How each state of the table looks everywhere. */
export function lookOf(state: OperationState): Look {
  return { ...LOOKS[state], words: state.replace('_', ' ') };
}

/** The longest word of a state, so that columns line up. */
export const STATE_WIDTH = Math.max(...Object.keys(STATES).map((state) => state.length));

export const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
export const TICK_MS = 100;
