import type { TLocalizedValidationError } from 'typebox/error';

interface Candidate {
  readonly path: readonly string[];
  readonly reason: string;
  /** Says how much an error tells: 0 = a rule of one value, 1 = a missing field, 2 = an unknown field. */
  readonly vagueness: number;
}

/**
 * One sentence about the error that tells most, naming the field from `root` on. A value that fits no branch of a union
 * fails in each of them: the deepest error belongs to the branch that was meant.
 */
export function describeMismatch(errors: readonly TLocalizedValidationError[], root: string): string {
  const [first, ...others] = errors.flatMap(candidate);
  if (first === undefined) return `${root} does not match its schema.`;
  const best = others.reduce((a, b) => (tellsMore(b, a) ? b : a), first);
  return `${fieldName(root, best.path)} ${best.reason}.`;
}

function candidate(error: TLocalizedValidationError): Candidate[] {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  switch (error.keyword) {
    // an unknown field is reported twice: here and as `boolean` at its own place
    case 'anyOf':
    case 'additionalProperties':
      return [];
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        path: [...path, name],
        reason: 'is required',
        vagueness: 1,
      }));
    case 'boolean':
      return [{ path, reason: 'is not a known field', vagueness: 2 }];
    case 'enum':
      return [{ path, reason: `must be one of ${error.params.allowedValues.join(', ')}`, vagueness: 0 }];
    default:
      return [{ path, reason: error.message, vagueness: 0 }];
  }
}

function tellsMore(one: Candidate, other: Candidate): boolean {
  if (one.path.length !== other.path.length) return one.path.length > other.path.length;
  return one.vagueness < other.vagueness;
}

function fieldName(root: string, path: readonly string[]): string {
  return [root, ...path.map((part) => part.slice(0, 100))].join('.');
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
