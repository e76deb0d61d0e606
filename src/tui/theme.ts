import type { OperationState } from '../contract/operation.ts';

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

export const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
export const TICK_MS = 100;
