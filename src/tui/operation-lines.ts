import type { Operation } from '../contract/operation.ts';
import { jsonLines } from './json-lines.ts';
import type { Line } from './paint.ts';
import { field, resultLines } from './result-lines.ts';
import { localTime, oneLine, waitingWords } from './words.ts';

/** The whole record: what came of it, where it came from, and what went in. */
export function operationLines(operation: Operation, now: number, width: number): readonly Line[] {
  const { waitingFor, org, labels, retryOf, cancelRequestedAt, onWorkerLoss, overrideWindow } = operation;
  const marks = Object.entries(labels).map(([name, value]) => oneLine(`${name}=${value}`));
  return [
    ...resultLines(operation, width),
    [],
    ...(waitingFor ? [field('Waiting', `it ${waitingWords(waitingFor, org, now)}`)] : []),
    ...(cancelRequestedAt ? [field('Cancel', `asked for at ${localTime(cancelRequestedAt)}`)] : []),
    field('Attempt', `${operation.attempt} of ${operation.maxAttempts}`),
    ...(onWorkerLoss ? [field('On loss', `${onWorkerLoss}, when its worker is lost`)] : []),
    ...(overrideWindow ? [field('Override', `of the window: ${oneLine(overrideWindow)}`)] : []),
    ...(operation.pool ? [field('Pool', operation.pool)] : []),
    field('Priority', operation.priority),
    field('Origin', [operation.origin.kind, operation.origin.name ?? ''].join(' ').trim()),
    ...(retryOf ? [field('Retry of', retryOf)] : []),
    ...(marks.length > 0 ? [field('Labels', marks.join(', '))] : []),
    field('Created', localTime(operation.createdAt)),
    ...(operation.scheduledFor ? [field('Scheduled', localTime(operation.scheduledFor))] : []),
    ...(operation.startedAt ? [field('Started', localTime(operation.startedAt))] : []),
    ...(operation.finishedAt ? [field('Finished', localTime(operation.finishedAt))] : []),
    ...inputLines(operation.input ?? {}),
  ];
}

function inputLines(input: object): readonly Line[] {
  if (Object.keys(input).length === 0) return [];
  return [field('Input', ''), ...jsonLines(input)];
}
