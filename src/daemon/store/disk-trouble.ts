import { AppError } from '../../contract/errors.ts';

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full',
  EDQUOT: 'The disk quota is used up',
  EROFS: 'The disk is read-only',
  EIO: 'The disk reports an error',
  EACCES: 'The files may not be written by the user that runs the server',
  EPERM: 'The files may not be written by the user that runs the server',
};

export const HINT_ROOM = 'Make room on the disk of the home; the server goes on by itself.';
export const HINT_WRITABLE = 'Make the disk of the home writable for the user that runs the server.';

/** What the disk did not take, as a failure that people expect; null: it was something else. */
export function diskTrouble(error: unknown, what: string): AppError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words = WORDS[code];
  if (words === undefined) return null;
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? HINT_ROOM : HINT_WRITABLE;
  return new AppError('store-unavailable', `${words}: ${what}.`, { cause: error, hint });
}
