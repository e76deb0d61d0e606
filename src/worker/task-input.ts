import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../contract/errors.ts';
import type { JsonObject } from '../contract/values.ts';

/** The daemon has checked it already; a worker trusts nobody. */
export function readInput<T extends TSchema>(schema: T, input: JsonObject): Static<T> {
  if (Value.Check(schema, input)) return input as Static<T>;
  throw new AppError('invalid-input', 'The input of the operation does not fit its task.');
}
