import type { Environment } from '../config/environment.ts';

/** Whether this terminal can show a live screen; NO_COLOR and what is no terminal get plain lines. */
export function hasLiveScreen(
  environment: Pick<Environment, 'noColor'>,
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'getColorDepth'> = process.stdout,
): boolean {
  return stream.isTTY && stream.columns > 0 && !environment.noColor && stream.getColorDepth() > 1;
}
