import { AppError } from '../../contract/errors.ts';

/** Whatever was asked of it, it is said in the same way. */
export function unknownOrg(name: string, pool = false): AppError {
  const message = pool ? `No org of the pool "${name}" is known here.` : `No org "${name}" is known here.`;
  return new AppError('unknown-org', message);
}
