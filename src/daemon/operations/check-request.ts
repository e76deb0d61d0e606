import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { AppError } from '../../contract/errors.ts';
import { describeMismatch } from '../../contract/mismatch.ts';
import { OperationRequest } from '../../contract/operation.ts';
import { TASKS, type TaskKind } from '../../contract/tasks.ts';

const request = Compile(OperationRequest);
const inputs = new Map<string, Validator>(
  Object.entries(TASKS).map(([kind, task]) => [kind, Compile(task.input as TSchema)]),
);

/** The frame of a request; what a route has checked already is checked again for those that come another way. */
export function checkRequest(value: unknown): asserts value is OperationRequest {
  if (request.Check(value)) return;
  throw new AppError('invalid-request', describeMismatch(request.Errors(value), 'request'));
}

/** The input against the schema of its task. */
export function checkInput(task: TaskKind, input: unknown): void {
  const validator = inputs.get(task);
  if (validator === undefined || validator.Check(input)) return;
  throw new AppError('invalid-input', describeMismatch(validator.Errors(input), 'input'));
}
