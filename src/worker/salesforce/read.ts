import type { ErrorCode } from '../../contract/errors.ts';
import { pause } from '../stopped.ts';
import { isPassing, meaningOf, wishedPauseMs } from './failures.ts';
import type { Org } from './org.ts';

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

export interface Reading {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The code of a plain refusal. */
  readonly otherwise: ErrorCode;
}

/** A call that changes nothing: it may be made again after a hang-up or a 503. */
export async function read(org: Org, { otherwise, ...reading }: Reading): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await org.call({ method: 'GET', ...reading });
    } catch (error) {
      if (attempt === ATTEMPTS || !isPassing(error)) throw meaningOf(error, otherwise);
      if (await pause(wishedPauseMs(error) ?? FIRST_PAUSE_MS * 2 ** (attempt - 1), reading.signal))
        throw reading.signal.reason;
    }
  }
}
