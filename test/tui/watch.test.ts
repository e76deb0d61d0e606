import { expect, test } from 'vitest';
import { lineViewer } from '../../src/tui/watch.ts';
import { eventOf, progressOf, stateOf } from './samples.ts';

test('a count that stands still is one line, until it moves or another attempt begins', () => {
  const lines: string[] = [];
  const viewer = lineViewer((line) => lines.push(line.slice('12:00:00  '.length)));
  const bodies = [
    progressOf(0, 3),
    progressOf(0, 3),
    progressOf(1, 3),
    stateOf('running', 'queued'),
    progressOf(1, 3),
  ];
  for (const [seq, body] of bodies.entries()) viewer.event?.(eventOf(seq, body));
  expect(lines).toEqual(['0/3 components', '1/3 components', 'queued', '1/3 components']);
});
