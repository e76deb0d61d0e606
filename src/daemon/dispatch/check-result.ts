import { resolve } from 'node:path';
import { Compile } from 'typebox/compile';
import { isInside } from '../../contract/inside.ts';
import { type OperationError, RESULT_LIMIT_BYTES } from '../../contract/operation.ts';
import { TASKS, type TaskKind } from '../../contract/tasks.ts';
import type { JsonObject } from '../../contract/values.ts';
import { FetchedSource, type Outcome } from '../../contract/worker-protocol.ts';
import { errorOf } from '../operations/settle-loss.ts';

const fetched = Compile(FetchedSource);
const results = new Map(Object.entries(TASKS).map(([kind, { result }]) => [kind, Compile(result)]));

/** Is the outcome of a task what its definition promises? Null: yes. */
export function checkTaskResult(kind: TaskKind, outcome: Outcome): OperationError | null {
  const result = resultOf(outcome);
  if (result === null) return null;
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes > RESULT_LIMIT_BYTES) {
    return errorOf('too-large', `The result has ${bytes} bytes, and ${RESULT_LIMIT_BYTES} are allowed.`);
  }
  if (outcome.state !== 'succeeded' || results.get(kind)?.Check(result) === true) return null;
  return errorOf('worker-protocol', `The worker's result is not what ${kind} promises.`);
}

/** Does the source code lie in the workspace's `place` for it? */
export function checkFetchedSource(place: string, outcome: Outcome): OperationError | null {
  if (outcome.state !== 'succeeded') return null;
  const source = fetchedSource(outcome.result);
  if (source !== null && isInside(resolve(source.directory), place)) return null;
  return errorOf('worker-protocol', 'The worker did not say where it put the source code.');
}

export function fetchedSource(result: JsonObject): FetchedSource | null {
  return fetched.Check(result) ? result : null;
}

function resultOf(outcome: Outcome): JsonObject | null {
  return outcome.state === 'indeterminate' ? null : outcome.result;
}
