import { AppError } from '../../../src/contract/errors.ts';
import { holdHome } from '../../../src/daemon/store/daemon-lock.ts';

/** A process that holds a home until it is killed; says how it went. */
try {
  const held = holdHome(process.argv[2] ?? '');
  process.on('message', () => {
    held.release();
    process.disconnect();
  });
  process.send?.('held');
} catch (error) {
  process.send?.(error instanceof AppError ? error.code : String(error));
  process.disconnect();
}
