import { AppError } from '../../contract/errors.ts';

/** What was asked for stays refused until somebody mends something, as a missing tool does; what else goes wrong may pass by itself. */
export function isRefusal(error: unknown): error is AppError {
  return error instanceof AppError && (error.status < 500 || error.code === 'tool-missing');
}
