import type { Line } from './paint.ts';
import { resultLines } from './result-lines.ts';
import { lookOf } from './theme.ts';
import type { Watched } from './watch.ts';

/** What is left on the screen when the watching has ended: the result, or that the operation goes on without us. */
export function endedLines({ operation, ended }: Watched, width: number): readonly Line[] {
  if (ended === 'final') return [[], ...resultLines(operation, width)];
  const why = ended === 'time' ? 'The wait is over' : 'No longer watched';
  return [
    [
      { text: `${why}; the operation goes on (` },
      { text: lookOf(operation.state).words, tone: lookOf(operation.state).tone },
      { text: ').' },
    ],
    [{ text: `  Follow it: sfp-server tail ${operation.id}`, look: 'dim' }],
    [{ text: `  Cancel it: sfp-server operation cancel ${operation.id}`, look: 'dim' }],
  ];
}
